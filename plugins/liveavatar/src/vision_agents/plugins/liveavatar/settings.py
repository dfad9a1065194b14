"""What can be said about a LiveAvatar avatar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from vision_agents.core.errors import ConfigError
from vision_agents.core.plugin.settings import AvatarSettings, secret, setting

SANDBOX_CAP_S = 60
"""A sandbox session ends by itself after about one minute (provider's documentation)."""


@dataclass(frozen=True, kw_only=True)
class LiveAvatarSettings(AvatarSettings):
    """Settings of ``LiveAvatarAvatar``; the environment fills what is not said.

    ``video_quality`` is what the service renders (about 1080p, 720p, 480p, 360p); ``width``,
    ``height`` and ``fps`` are what is published: another size is letterboxed, never stretched.
    ``max_session_duration`` is in seconds; longer calls go on in a further session.
    """

    avatar_id: str = setting(env="LIVEAVATAR_AVATAR_ID", help="which face: a UUID")
    api_key: str = secret(env="LIVEAVATAR_API_KEY", help="from the LiveAvatar console")
    base_url: str = setting(
        "https://api.liveavatar.com", env="LIVEAVATAR_BASE_URL", help="the service's address"
    )
    is_sandbox: bool = setting(False, help="free sessions of about one minute")
    max_session_duration: int | None = setting(None, help="seconds; None: what the plan allows")
    video_quality: Literal["very_high", "high", "medium", "low"] = setting("high")
    video_encoding: Literal["H264", "VP8"] = setting("H264")
    width: int = setting(1280, help="published width in pixels, even")
    height: int = setting(720, help="published height in pixels, even")
    fps: int = setting(30, help="published pictures per second")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.max_session_duration is not None and self.max_session_duration <= 0:
            raise ConfigError(
                f"LiveAvatarSettings: max_session_duration is {self.max_session_duration} s; "
                "give a positive number of seconds, or leave it out for the plan's limit"
            )
