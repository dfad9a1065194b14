"""LiveAvatar by HeyGen as an avatar for vision-agents."""

from __future__ import annotations

from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from vision_agents.plugins.liveavatar.avatar import LiveAvatarAvatar
    from vision_agents.plugins.liveavatar.avatar import LiveAvatarAvatar as Avatar
    from vision_agents.plugins.liveavatar.settings import LiveAvatarSettings
else:

    def __getattr__(name: str) -> object:
        if name in ("Avatar", "LiveAvatarAvatar"):  # lazily: it needs av, aiohttp and livekit
            from vision_agents.plugins.liveavatar.avatar import LiveAvatarAvatar

            return LiveAvatarAvatar
        if name == "LiveAvatarSettings":
            from vision_agents.plugins.liveavatar.settings import LiveAvatarSettings

            return LiveAvatarSettings
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = ["Avatar", "LiveAvatarAvatar", "LiveAvatarSettings", "__version__"]
