"""LiveKit: one room client for all who deliver over it, the avatar data-stream protocol, an edge.

Loads neither the SDK nor av until a name is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from .connection import LiveKitConnection
    from .room import RoomClient
else:
    _HOMES = {
        "LiveKitConnection": "connection",
        "RoomClient": "room",
    }

    def __getattr__(name: str) -> object:
        from importlib import import_module

        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)


__all__ = ["LiveKitConnection", "RoomClient", "__version__"]
