"""What a user may say."""

from __future__ import annotations

from dataclasses import dataclass

from vision_agents.core.errors import ConfigError
from vision_agents.core.plugin import AvatarSettings, setting


@dataclass(frozen=True, kw_only=True)
class EqualizerSettings(AvatarSettings):
    """Settings of the avatar "equalizer"."""

    width: int = setting(640, help="of the picture, even")
    height: int = setting(360, help="of the picture, even")
    fps: int = setting(25, help="pictures per second")
    bars: int = setting(24, env="EQUALIZER_BARS", help="how many bars, 4 to 64")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 4 <= self.bars <= 64:
            raise ConfigError(f"bars must be from 4 to 64, not {self.bars}")
        if self.width % 2 or self.height % 2:
            raise ConfigError(f"width and height must be even, not {self.width}x{self.height}")
