"""What can be said about an Anam avatar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from vision_agents.core.errors import ConfigError
from vision_agents.core.plugin.settings import AvatarSettings, secret, setting


@dataclass(frozen=True, kw_only=True)
class AnamSettings(AvatarSettings):
    """Settings of ``AnamAvatar``; the environment fills what is not said.

    ``video_width`` and ``video_height`` are what the service renders (by model: cara-3 720x480,
    cara-4 1152x768 or 768x1152); ``width``, ``height`` and ``fps`` are what is published: another
    size is letterboxed, never stretched. Times are seconds.
    """

    avatar_id: str = setting(env="ANAM_AVATAR_ID", help="which face: a UUID")
    api_key: str = secret(env="ANAM_API_KEY", help="from the Anam lab")
    base_url: str = setting("https://api.anam.ai", env="ANAM_API_URL", help="the service's address")
    avatar_model: str | None = setting(None, help="cara-3, cara-4; None: the avatar's own")
    width: int = setting(720, help="published width in pixels, even")
    height: int = setting(480, help="published height in pixels, even")
    fps: int = setting(25, help="published pictures per second")
    video_width: int | None = setting(None, help="rendered width; only with video_height")
    video_height: int | None = setting(None, help="rendered height; only with video_width")
    video_quality: Literal["high", "auto"] = setting("high", help="pinned or adaptive bitrate")
    region: str | None = setting(None, help="where the engine runs, such as eu")
    region_policy: Literal["preferred", "strict"] | None = setting(None)
    session_replay: bool = setting(False, help="whether Anam records the session")
    show_ai_avatar_disclosure: bool = setting(False, help="mark the picture as made by AI")
    max_session_length: int | None = setting(None, help="seconds; None: what the plan allows")
    preset_style: str | None = setting(None, help="director's note, cara-4: happy, warm, ...")
    expressivity: float | None = setting(None, help="director's note, cara-4: 0 to 1")
    connect_timeout: float = setting(15.0, help="seconds for the session and its connection")
    session_ready_timeout: float = setting(10.0, help="seconds until it takes speech")

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.video_width is None) != (self.video_height is None):
            raise ConfigError(
                "AnamSettings: video_width and video_height go together; give both or neither "
                f"(video_width={self.video_width}, video_height={self.video_height})"
            )
        if self.region_policy == "strict" and self.region is None:
            raise ConfigError("AnamSettings: region_policy='strict' needs a region, such as 'eu'")
        for name in ("connect_timeout", "session_ready_timeout", "max_session_length"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise ConfigError(f"AnamSettings: {name} is {value} s; it must be positive")
