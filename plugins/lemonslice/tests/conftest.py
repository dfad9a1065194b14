from __future__ import annotations

from vision_agents.plugins.livekit.testing import livekit_server, own_livekit_server, room_name

__all__ = ["livekit_server", "own_livekit_server", "room_name"]
