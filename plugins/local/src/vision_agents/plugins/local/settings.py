"""What can be chosen about the embedded avatar and the embedded voice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from vision_agents.core.errors import ConfigError
from vision_agents.core.plugin.settings import AvatarSettings, Settings, setting

_LARGEST_SIDE_PX: Final = 4096
_FASTEST_FPS: Final = 120


@dataclass(frozen=True, kw_only=True)
class LocalAvatarSettings(AvatarSettings):
    """Size and rate of the picture. 1280x720 and 640x360 are drawn natively, others scaled."""

    width: int = setting(1280, help="picture width in pixels, even")
    height: int = setting(720, help="picture height in pixels, even")
    fps: int = setting(30, help="pictures per second")

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, value in (("width", self.width), ("height", self.height)):
            if not 2 <= value <= _LARGEST_SIDE_PX or value % 2:
                raise ConfigError(
                    f"LocalAvatarSettings: {name} must be an even number of pixels from 2 to "
                    f"{_LARGEST_SIDE_PX}, and {value} is not (video is 4:2:0, two pixels share a "
                    f"colour)"
                )
        if not 1 <= self.fps <= _FASTEST_FPS:
            raise ConfigError(
                f"LocalAvatarSettings: fps must be from 1 to {_FASTEST_FPS}, and {self.fps} is not"
            )


@dataclass(frozen=True, kw_only=True)
class LocalVoiceSettings(Settings):
    """How espeak-ng speaks."""

    voice: str = setting(
        "en-us+Annie", env="LOCAL_TTS_VOICE", help="language and variant, as espeak-ng names them"
    )
    words_per_minute: int = setting(165, help="speed, 80 to 450")
    pitch: int = setting(50, help="0 (low) to 99 (high); 50 is the voice's own")
    pitch_range: int = setting(50, help="0 (monotone) to 99 (lively); 50 is the voice's own")

    def __post_init__(self) -> None:
        super().__post_init__()
        limits = {"words_per_minute": (80, 450), "pitch": (0, 99), "pitch_range": (0, 99)}
        for name, (low, high) in limits.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise ConfigError(
                    f"LocalVoiceSettings: {name} must be from {low} to {high}, and {value} is not"
                )
