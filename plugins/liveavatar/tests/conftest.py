from __future__ import annotations

from vision_agents.plugins.livekit.testing import livekit_server

__all__ = ["livekit_server"]
