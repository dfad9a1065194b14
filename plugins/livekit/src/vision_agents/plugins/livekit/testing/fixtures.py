"""pytest fixtures. In a conftest: ``from vision_agents.plugins.livekit.testing import *``."""

from __future__ import annotations

import logging
import os
import uuid
from typing import TYPE_CHECKING

import pytest

from vision_agents.plugins.livekit.sandbox.server import (
    HOW_TO_GET_IT,
    LiveKitServer,
    find_server,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

# The SDK tries the newer signalling path first and says so when a server of 1.8 answers 404.
_FALLBACK_NOTES = ("v1 path", "v0 path", "/rtc/v1", "falling back")


class _HideFallback(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        return not any(note in text for note in _FALLBACK_NOTES)


@pytest.fixture(scope="session")
def livekit_server() -> Iterator[LiveKitServer]:
    """A real server for all tests of the run; skipped without one, but a failure under CI."""
    if find_server() is None:
        if os.environ.get("CI", "").lower() in ("1", "true", "yes"):
            pytest.fail(HOW_TO_GET_IT)
        pytest.skip(HOW_TO_GET_IT)
    quiet = _HideFallback()
    logging.getLogger("livekit").addFilter(quiet)
    try:
        with LiveKitServer() as server:
            yield server
    finally:
        logging.getLogger("livekit").removeFilter(quiet)


@pytest.fixture
def own_livekit_server() -> Iterator[LiveKitServer]:
    """A server of one test's own, to be stopped, frozen and restarted."""
    if find_server() is None:
        if os.environ.get("CI", "").lower() in ("1", "true", "yes"):
            pytest.fail(HOW_TO_GET_IT)
        pytest.skip(HOW_TO_GET_IT)
    with LiveKitServer() as server:
        yield server


@pytest.fixture
def room_name(request: pytest.FixtureRequest) -> str:
    """A room nobody else uses: rooms live on for a while after a test."""
    return f"{request.node.name[:40]}-{uuid.uuid4().hex[:8]}"
