"""LiveKit: one room client for all who deliver over it, the avatar data-stream protocol, an edge.

Loads neither the SDK nor av until a name is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from vision_agents.plugins.livekit.connection import LiveKitConnection
    from vision_agents.plugins.livekit.edge import LiveKitEdge
    from vision_agents.plugins.livekit.edge import LiveKitEdge as Edge
    from vision_agents.plugins.livekit.guest import AvatarGuest, Invitation
    from vision_agents.plugins.livekit.provider import LiveKitProviderAvatar
    from vision_agents.plugins.livekit.rest import RestClient
    from vision_agents.plugins.livekit.room import RoomClient
    from vision_agents.plugins.livekit.settings import LiveKitAvatarSettings, LiveKitEdgeSettings
else:
    _HOMES = {
        "AvatarGuest": "guest",
        "Edge": "edge",
        "Invitation": "guest",
        "LiveKitAvatarSettings": "settings",
        "LiveKitConnection": "connection",
        "LiveKitEdge": "edge",
        "LiveKitEdgeSettings": "settings",
        "LiveKitProviderAvatar": "provider",
        "RestClient": "rest",
        "RoomClient": "room",
    }

    def __getattr__(name: str) -> object:
        from importlib import import_module

        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        module = import_module(f"{__name__}.{_HOMES[name]}")
        return getattr(module, "LiveKitEdge" if name == "Edge" else name)


__all__ = [
    "AvatarGuest",
    "Edge",
    "Invitation",
    "LiveKitAvatarSettings",
    "LiveKitConnection",
    "LiveKitEdge",
    "LiveKitEdgeSettings",
    "LiveKitProviderAvatar",
    "RestClient",
    "RoomClient",
    "__version__",
]
