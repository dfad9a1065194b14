"""A base for providers whose worker joins our room: a settings class and one REST call remain.

::

    class AcmeAvatar(LiveKitProviderAvatar):
        provider_name = "acme"
        capabilities = Capabilities(sample_rate_hz=16_000, chunk_s=0.2)

        async def invite(self, invitation: Invitation) -> AvatarGuest:
            reply = await self._rest.request("POST", "/sessions", phase="session", body={
                "livekit_url": invitation.url, "livekit_token": invitation.token})
            return AvatarGuest(reply["session_id"])

Room, tokens, speech, barge-in, playback messages, media and every kind of loss are done here.
"""

from __future__ import annotations

import asyncio
import uuid
from abc import abstractmethod
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, ClassVar

from vision_agents.core.avatars.provider import (
    EndReason,
    MediaSink,
    ProviderAvatar,
    ProviderSession,
)

from .session import LiveKitSession
from .tokens import TTL_S

if TYPE_CHECKING:
    from .connection import LiveKitConnection
    from .guest import AvatarGuest, Invitation

# A start call that was given up is listened to for so long.
ANSWER_PATIENCE_S = 2.0


class LiveKitProviderAvatar(ProviderAvatar):
    """An avatar whose provider's worker joins a fresh room of our LiveKit project.

    Each session has a room and identities of its own: a worker that comes late, for a session
    already given up, meets nobody.
    """

    picture_timeout_s: ClassVar[float | None] = 2.5
    """A worker that shows no new picture for so long is dead: LiveKit tells that a publisher was
    killed only after 20 s, and fills its sound with silence. ``None`` where pictures may pause."""

    token_ttl_s: ClassVar[float] = TTL_S
    """How long our own join token is good for, each session with a new one. LiveKit's server
    refreshes it for whoever is in the room, after minutes."""

    def __init__(self, connection: LiveKitConnection, **options: Any) -> None:
        super().__init__(**options)
        self._connection = connection

    @abstractmethod
    async def invite(self, invitation: Invitation) -> AvatarGuest:
        """Ask the service to send its worker; the one call a provider has to make.

        Raises:
            ProviderError: refused or failed.
        """

    async def connect(self, media: MediaSink) -> ProviderSession:
        """Open a room, invite the avatar, and wait until it is seen.

        Speech sent before the worker is there would be lost: byte streams are not stored.
        """
        name = f"{self.provider_name}-{uuid.uuid4().hex[:12]}"
        async with AsyncExitStack() as undo:
            session = LiveKitSession(
                self._connection,
                str(self.provider_name),
                name,
                media,
                token_ttl_s=self.token_ttl_s,
            )
            undo.push_async_callback(session.disconnect, EndReason.FAILED)
            media.phase("room")
            await session.join()
            media.phase("session")
            await self._invite(session)
            media.phase("avatar in the room")
            await session.wait_for_avatar()
            media.phase("first picture")
            await session.wait_for_picture()
            if self.picture_timeout_s is not None:
                session.expect_pictures(self.picture_timeout_s)
            undo.pop_all()
            return session

    async def _invite(self, session: LiveKitSession) -> None:
        """Invite the avatar; cancelled, wait a moment for the answer, so that it can be ended.

        The service may have started a session that only its answer tells us how to stop.
        """
        inviting = asyncio.create_task(
            self.invite(await session.invitation()), name=f"{session.room_name}-invite"
        )
        try:
            session.guest = await asyncio.shield(inviting)
        except asyncio.CancelledError:
            try:
                await asyncio.wait({inviting}, timeout=ANSWER_PATIENCE_S)
            finally:
                inviting.cancel()
            await asyncio.wait({inviting})
            if not inviting.cancelled() and inviting.exception() is None:
                session.guest = inviting.result()
            raise
