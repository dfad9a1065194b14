"""LiveAvatar as an avatar: how to open a session; core does everything else."""

from __future__ import annotations

import logging
from contextlib import AsyncExitStack
from typing import ClassVar, Literal

from vision_agents.core.avatars.provider import (
    EndReason,
    MediaSink,
    ProviderAvatar,
    ProviderSession,
)
from vision_agents.plugins.liveavatar.api import LiveAvatarApi
from vision_agents.plugins.liveavatar.records import CAPABILITIES
from vision_agents.plugins.liveavatar.session import LiveAvatarSession
from vision_agents.plugins.liveavatar.settings import SANDBOX_CAP_S, LiveAvatarSettings

logger = logging.getLogger(__name__)


class LiveAvatarAvatar(ProviderAvatar):
    """A LiveAvatar face (HeyGen), LITE mode: our speech, their picture.

    Arguments are the fields of ``LiveAvatarSettings``; what is not said comes from the
    environment.

    Raises:
        ConfigError: a setting is missing or cannot be used; names it and its variable.
    """

    provider_name = "liveavatar"
    capabilities: ClassVar = CAPABILITIES

    def __init__(
        self,
        avatar_id: str | None = None,
        api_key: str | None = None,
        base_url: str | None = None,
        is_sandbox: bool | None = None,
        max_session_duration: int | None = None,
        video_quality: Literal["very_high", "high", "medium", "low"] | None = None,
        video_encoding: Literal["H264", "VP8"] | None = None,
        width: int | None = None,
        height: int | None = None,
        fps: int | None = None,
    ) -> None:
        self._settings = settings = LiveAvatarSettings.from_env(
            avatar_id=avatar_id,
            api_key=api_key,
            base_url=base_url,
            is_sandbox=is_sandbox,
            max_session_duration=max_session_duration,
            video_quality=video_quality,
            video_encoding=video_encoding,
            width=width,
            height=height,
            fps=fps,
        )
        super().__init__(width=settings.width, height=settings.height, fps=settings.fps)
        if settings.is_sandbox:
            logger.warning(
                "liveavatar: is_sandbox is on: a session ends after about %d s and only the "
                "sandbox avatar is served; set is_sandbox=False for real calls",
                SANDBOX_CAP_S,
            )

    async def connect(self, media: MediaSink) -> ProviderSession:
        """Mint a token, start the session, dial its socket and join its room."""
        settings = self._settings
        api = LiveAvatarApi(base_url=settings.base_url, api_key=settings.api_key)
        async with AsyncExitStack() as undo:
            undo.push_async_callback(api.close)
            media.phase("session token")
            token = await api.create_token(settings)
            # Before the call: cancelled on its way, the session may have been started all the same.
            undo.push_async_callback(api.stop, token.session_id, "UNKNOWN")
            media.phase("session start")
            session = LiveAvatarSession(api, await api.start(token), media)
            undo.pop_all()
            undo.push_async_callback(session.disconnect, EndReason.FAILED)
            await session.open()
            undo.pop_all()
            return session
