"""Warnings of the SDK that mean nothing, kept out of people's logs."""

from __future__ import annotations

import logging

# livekit 1.2.1. The first three: it tries the newer signalling path and falls back with a server
# of 1.8. The last: it drops the handle of a track whose publisher has left, which the native side
# has dropped before.
_HARMLESS = ("v1 path", "v0 path", "/rtc/v1", "Attempted to drop unknown FFI handle")


class _Harmless(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        return not any(mark in text for mark in _HARMLESS)


_FILTER = _Harmless()


def hide_harmless_warnings() -> None:
    """Filter them from the SDK's logger. Idempotent."""
    logging.getLogger("livekit").addFilter(_FILTER)
