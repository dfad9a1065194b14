"""What the SDK logs, made fit for people's logs: without what means nothing, and without tokens."""

from __future__ import annotations

import logging
import re

# livekit 1.2.1. The first three: it tries the newer signalling path and falls back with a server
# of 1.8. The last: it drops the handle of a track whose publisher has left, which the native side
# has dropped before.
_HARMLESS = ("v1 path", "v0 path", "/rtc/v1", "Attempted to drop unknown FFI handle")
# A server that refuses a token repeats it, and the SDK logs that whole.
_TOKEN = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+")


class _Tidy(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if _TOKEN.search(text):
            record.msg, record.args = _TOKEN.sub("<token>", text), ()
        return not any(mark in text for mark in _HARMLESS)


_FILTER = _Tidy()


def tidy_sdk_log() -> None:
    """Filter the SDK's logger. Idempotent."""
    logging.getLogger("livekit").addFilter(_FILTER)
