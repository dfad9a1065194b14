"""LemonSlice as an avatar for vision-agents."""

from __future__ import annotations

from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from vision_agents.plugins.lemonslice.avatar import LemonSliceAvatar
    from vision_agents.plugins.lemonslice.avatar import LemonSliceAvatar as Avatar
    from vision_agents.plugins.lemonslice.settings import LemonSliceSettings
else:

    def __getattr__(name: str) -> object:
        if name in ("Avatar", "LemonSliceAvatar"):  # lazily: it needs av, aiohttp and livekit
            from vision_agents.plugins.lemonslice.avatar import LemonSliceAvatar

            return LemonSliceAvatar
        if name == "LemonSliceSettings":
            from vision_agents.plugins.lemonslice.settings import LemonSliceSettings

            return LemonSliceSettings
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = ["Avatar", "LemonSliceAvatar", "LemonSliceSettings", "__version__"]
