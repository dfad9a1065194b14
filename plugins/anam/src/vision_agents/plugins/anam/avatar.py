"""Anam as an avatar: how to open a session; core does everything else."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import ClassVar, Literal

from vision_agents.core.avatars.provider import (
    EndReason,
    MediaSink,
    ProviderAvatar,
    ProviderSession,
)
from vision_agents.plugins.anam.records import CAPABILITIES
from vision_agents.plugins.anam.session import AnamSession
from vision_agents.plugins.anam.settings import AnamSettings


class AnamAvatar(ProviderAvatar):
    """An Anam face in audio passthrough: our speech, their picture.

    Arguments are the fields of ``AnamSettings``; what is not said comes from the environment.

    Raises:
        ConfigError: a setting is missing or cannot be used; names it and its variable.
    """

    provider_name = "anam"
    capabilities: ClassVar = CAPABILITIES

    def __init__(
        self,
        avatar_id: str | None = None,
        api_key: str | None = None,
        base_url: str | None = None,
        avatar_model: str | None = None,
        width: int | None = None,
        height: int | None = None,
        fps: int | None = None,
        video_width: int | None = None,
        video_height: int | None = None,
        video_quality: Literal["high", "auto"] | None = None,
        region: str | None = None,
        region_policy: Literal["preferred", "strict"] | None = None,
        session_replay: bool | None = None,
        show_ai_avatar_disclosure: bool | None = None,
        max_session_length: int | None = None,
        preset_style: str | None = None,
        expressivity: float | None = None,
        connect_timeout: float | None = None,
        session_ready_timeout: float | None = None,
    ) -> None:
        self._settings = settings = AnamSettings.from_env(
            avatar_id=avatar_id,
            api_key=api_key,
            base_url=base_url,
            avatar_model=avatar_model,
            width=width,
            height=height,
            fps=fps,
            video_width=video_width,
            video_height=video_height,
            video_quality=video_quality,
            region=region,
            region_policy=region_policy,
            session_replay=session_replay,
            show_ai_avatar_disclosure=show_ai_avatar_disclosure,
            max_session_length=max_session_length,
            preset_style=preset_style,
            expressivity=expressivity,
            connect_timeout=connect_timeout,
            session_ready_timeout=session_ready_timeout,
        )
        super().__init__(width=settings.width, height=settings.height, fps=settings.fps)

    async def connect(self, media: MediaSink) -> ProviderSession:
        """Start a session with a client of its own and wait until it takes speech."""
        async with AsyncExitStack() as undo:
            session = AnamSession(self._settings, media)
            undo.push_async_callback(session.disconnect, EndReason.FAILED)
            await session.open()
            undo.pop_all()
            return session
