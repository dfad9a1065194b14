"""pytest fixtures. In a conftest: ``from vision_agents.plugins.livekit.testing import *``."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest

from vision_agents.core.testing.requirements import missing
from vision_agents.plugins.livekit.sandbox.server import (
    INSTALL,
    LiveKitServer,
    find_server,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def livekit_server() -> Iterator[LiveKitServer]:
    """A real server for all tests of the run; skipped without one, but a failure under CI."""
    _require_server()
    with LiveKitServer() as server:
        yield server


@pytest.fixture
def own_livekit_server() -> Iterator[LiveKitServer]:
    """A server of one test's own, to be stopped, frozen and restarted."""
    _require_server()
    with LiveKitServer() as server:
        yield server


@pytest.fixture
def room_name(request: pytest.FixtureRequest) -> str:
    """A room nobody else uses: rooms live on for a while after a test."""
    return f"{request.node.name[:40]}-{uuid.uuid4().hex[:8]}"


def _require_server() -> None:
    if find_server() is None:
        missing("livekit-server", install=INSTALL)
