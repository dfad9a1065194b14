"""Embedded avatar and speech: on the CPU, no account, no network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vision_agents.plugins.local.settings import LocalAvatarSettings, LocalVoiceSettings

__version__ = "0.1.0"

if TYPE_CHECKING:
    from vision_agents.plugins.local.avatar import LocalAvatar
    from vision_agents.plugins.local.avatar import LocalAvatar as Avatar
    from vision_agents.plugins.local.tts import LocalTTS
    from vision_agents.plugins.local.tts import LocalTTS as TTS
else:
    # Lazily: they need av and numpy, and this module is imported to find out what is installed.
    def __getattr__(name: str) -> object:
        if name in ("Avatar", "LocalAvatar"):
            from vision_agents.plugins.local.avatar import LocalAvatar

            return LocalAvatar
        if name in ("TTS", "LocalTTS"):
            from vision_agents.plugins.local.tts import LocalTTS

            return LocalTTS
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "TTS",
    "Avatar",
    "LocalAvatar",
    "LocalAvatarSettings",
    "LocalTTS",
    "LocalVoiceSettings",
    "__version__",
]
