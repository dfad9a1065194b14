"""Anam as an avatar for vision-agents, through Anam's own SDK."""

from __future__ import annotations

from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from vision_agents.plugins.anam.avatar import AnamAvatar
    from vision_agents.plugins.anam.avatar import AnamAvatar as Avatar
    from vision_agents.plugins.anam.settings import AnamSettings
else:

    def __getattr__(name: str) -> object:
        if name in ("AnamAvatar", "Avatar"):  # lazily: it needs the SDK, aiortc and av
            from vision_agents.plugins.anam.avatar import AnamAvatar

            return AnamAvatar
        if name == "AnamSettings":
            from vision_agents.plugins.anam.settings import AnamSettings

            return AnamSettings
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = ["AnamAvatar", "AnamSettings", "Avatar", "__version__"]
