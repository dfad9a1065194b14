"""A real LiveKit server for tests: ``from vision_agents.plugins.livekit.testing import ...``.

In a ``conftest.py`` import the fixtures ``livekit_server``, ``own_livekit_server`` and
``room_name``; without pytest use ``vision_agents.plugins.livekit.sandbox.LiveKitServer``.
"""

from __future__ import annotations

from vision_agents.plugins.livekit.sandbox.server import (
    INSTALL,
    LiveKitServer,
    find_server,
)

from .control import control_pair
from .fixtures import livekit_server, own_livekit_server, room_name

__all__ = [
    "INSTALL",
    "LiveKitServer",
    "control_pair",
    "find_server",
    "livekit_server",
    "own_livekit_server",
    "room_name",
]
