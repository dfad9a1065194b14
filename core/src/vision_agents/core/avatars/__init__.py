"""The two names an avatar is built from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vision_agents.core.avatars.avatar import Avatar

if TYPE_CHECKING:
    from vision_agents.core.avatars.synchronizer import AVSynchronizer
else:

    def __getattr__(name: str) -> object:
        if name == "AVSynchronizer":  # lazily: it needs aiortc, av and numpy
            from vision_agents.core.avatars.synchronizer import AVSynchronizer

            return AVSynchronizer
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = ["AVSynchronizer", "Avatar"]
