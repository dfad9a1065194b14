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
import logging
import uuid
from abc import abstractmethod
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from vision_agents.core.avatars.provider import (
    EndReason,
    Limits,
    MediaSink,
    ProviderAvatar,
    ProviderSession,
    SessionEnd,
)
from vision_agents.core.errors import DisconnectedError, ProviderError, StateError

from . import rooms
from .avatar_io import AvatarSpeech
from .events import DataReceived, Disconnected, ParticipantLeft, Reconnected, RoomEvent
from .room import RoomClient
from .tokens import avatar_token, join_token

if TYPE_CHECKING:
    import av

    from vision_agents.core.media import PcmData

    from .connection import LiveKitConnection

logger = logging.getLogger(__name__)

# Each wait's own limit; the supervisor's limit for the whole start is usually the shorter one.
AVATAR_JOIN_TIMEOUT_S = 30.0
FIRST_PICTURE_TIMEOUT_S = 15.0
# A start call that was given up is listened to for so long.
ANSWER_PATIENCE_S = 2.0
PICTURE_SLICES = 5


@dataclass(frozen=True, slots=True)
class Invitation:
    """What a provider hands to its service so that the service's worker can join our room."""

    url: str
    token: str = field(repr=False)
    room: str
    room_sid: str | None
    avatar_identity: str
    agent_identity: str


class AvatarGuest:
    """The session at the provider's service. Override what the service has; the rest is nothing.

    ``send_data`` works once the avatar is in the room.
    """

    def __init__(self, session_id: str, *, limits: Limits | None = None) -> None:
        self.session_id = session_id
        self.limits = limits or Limits(session_id=session_id)
        self._room: RoomClient | None = None
        self._identity = ""

    def enter(self, room: RoomClient, identity: str) -> None:
        """The avatar is in ``room`` as ``identity``; called by the session."""
        self._room, self._identity = room, identity

    async def send_data(self, payload: bytes, topic: str) -> None:
        """Send a data message to the avatar.

        Raises:
            StateError: it is not in the room yet.
            ProviderError: the room does not take it.
        """
        if self._room is None:
            raise StateError(f"the avatar of session {self.session_id} has not joined the room yet")
        await self._room.send_data(payload, topic=topic, to=self._identity)

    async def keep_alive(self) -> None:
        """Show the service that we are there."""

    async def user_speaking(self, speaking: bool) -> None:
        """Let the face look attentive."""

    def on_data(self, message: DataReceived) -> SessionEnd | None:
        """A data message of the worker; return the end of the session where it means that."""
        del message
        return None

    async def end(self, reason: EndReason) -> None:
        """Tell the service to end its session. Idempotent; at most a few seconds."""


class LiveKitProviderAvatar(ProviderAvatar):
    """An avatar whose provider's worker joins a fresh room of our LiveKit project.

    Each session has a room and identities of its own: a worker that comes late, for a session
    already given up, meets nobody.
    """

    picture_timeout_s: ClassVar[float | None] = 2.5
    """A worker that shows no new picture for so long is dead: LiveKit tells that a publisher was
    killed only after 20 s, and fills its sound with silence. ``None`` where pictures may pause."""

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
            session = LiveKitSession(self._connection, str(self.provider_name), name, media)
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


class LiveKitSession(ProviderSession):
    """One room with us and one avatar worker in it."""

    def __init__(
        self, connection: LiveKitConnection, provider: str, name: str, media: MediaSink
    ) -> None:
        self._connection = connection
        self._provider = provider
        self.room_name = name
        self._agent = f"{name}-agent"
        self._avatar = f"{name}-avatar"
        self._media = media
        self._ended: asyncio.Future[SessionEnd] = asyncio.get_running_loop().create_future()
        self._disconnecting: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._pictures = 0
        self._room = RoomClient(provider=provider, on_event=self._on_room)
        self._speech = AvatarSpeech(
            self._room, self._avatar, provider=provider, report=media.report
        )
        self.guest: AvatarGuest | None = None

    # -- opening -------------------------------------------------------------------------------

    async def join(self) -> None:
        """Enter the room with every handler in place, before the provider is told to come."""
        token = join_token(
            self._connection, room=self.room_name, identity=self._agent, kind="agent"
        )
        self._room.receive(
            self._avatar,
            on_video=self._see,
            on_audio=lambda _, pcm: self._media.write_audio(pcm),
        )
        await self._room.connect(self._connection.url, token)
        self._speech.register()

    async def invitation(self) -> Invitation:
        """What the provider's service needs to know."""
        token = avatar_token(
            self._connection, room=self.room_name, identity=self._avatar, agent_identity=self._agent
        )
        return Invitation(
            url=self._connection.url,
            token=token,
            room=self.room_name,
            room_sid=await self._room.sid(),
            avatar_identity=self._avatar,
            agent_identity=self._agent,
        )

    async def wait_for_avatar(self) -> None:
        """Return when the worker is in the room; at once with the reason if it ends instead."""
        await self._or_ended(
            self._room.wait_for_participant(self._avatar, timeout_s=AVATAR_JOIN_TIMEOUT_S)
        )

    async def wait_for_picture(self, *, timeout_s: float = FIRST_PICTURE_TIMEOUT_S) -> None:
        """Return when its first picture was decoded."""
        if self.guest is not None:
            self.guest.enter(self._room, self._avatar)
        await self._or_ended(self._room.wait_for_track(self._avatar, "video", timeout_s=timeout_s))

    def expect_pictures(self, within_s: float) -> None:
        """From now on the session ends when no picture comes for ``within_s``."""
        self._watching = asyncio.create_task(
            self._watch_pictures(within_s), name=f"{self.room_name}-pictures"
        )

    async def _watch_pictures(self, within_s: float) -> None:
        # In slices: after a loop that stood still, what has queued up meanwhile comes first.
        missing_slices = 0
        while missing_slices < PICTURE_SLICES:
            before = self._pictures
            await asyncio.sleep(within_s / PICTURE_SLICES)
            missing_slices = missing_slices + 1 if self._pictures == before else 0
        self._lost(EndReason.STALLED, f"no picture for {within_s:g} s")

    def _see(self, _: str, frame: av.VideoFrame) -> None:
        self._pictures += 1
        self._media.write_video(frame)

    async def _or_ended(self, waiting: Any) -> None:
        task = asyncio.ensure_future(waiting)
        try:
            await asyncio.wait({task, self._ended}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                end = self._ended.result()
                raise end.error or DisconnectedError(
                    f"the session ended while it was started: {end}", provider=self._provider
                )
            task.result()
        finally:
            task.cancel()
            await asyncio.wait({task})

    # -- ProviderSession -----------------------------------------------------------------------

    @property
    def limits(self) -> Limits:  # type: ignore[override]  # granted with the session
        return self.guest.limits if self.guest else Limits()

    async def send(self, pcm: PcmData, *, utterance: int) -> None:
        await self._speech.send(pcm, utterance=utterance)

    async def end(self, *, utterance: int) -> None:
        await self._speech.end(utterance=utterance)

    async def interrupt(self, *, utterance: int) -> None:
        del utterance
        await self._speech.interrupt()

    async def keep_alive(self) -> None:
        if self.guest is not None:
            await self.guest.keep_alive()

    async def user_speaking(self, speaking: bool) -> None:
        if self.guest is not None:
            await self.guest.user_speaking(speaking)

    async def wait_closed(self) -> SessionEnd:
        return await asyncio.shield(self._ended)

    async def disconnect(self, reason: EndReason) -> None:
        if self._disconnecting is None:
            self._disconnecting = asyncio.create_task(
                self._disconnect(reason), name=f"{self.room_name}-disconnect"
            )
        await asyncio.shield(self._disconnecting)

    async def _disconnect(self, reason: EndReason) -> None:
        """Both ways of ending a session: tell the service, and take its worker out of the room.

        Either alone may be missed, and a session that lives on is billed on.
        """
        if not self._ended.done():
            self._ended.set_result(SessionEnd(reason))
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.wait({self._watching})
        await self._speech.close()
        # We leave before the room goes: the SDK takes being put out for an accident, and says so.
        # The worker too, where its service ends it: one whose room goes while it joins hangs.
        await asyncio.gather(self._end_guest(reason), self._room.close())
        await rooms.delete_room(self._connection, self.room_name)

    async def _end_guest(self, reason: EndReason) -> None:
        if self.guest is None:
            return
        try:
            await self.guest.end(reason)
        except ProviderError as error:
            logger.warning(
                "%s: could not end session %s: %s", self._provider, self.room_name, error
            )

    # -- how it can end ------------------------------------------------------------------------

    def _on_room(self, event: RoomEvent) -> None:
        match event:
            case ParticipantLeft(identity=identity, reason=why) if identity == self._avatar:
                self._lost(EndReason.ENDED, f"the avatar left the room ({why})")
            case Disconnected(reason=why):
                self._lost(EndReason.DISCONNECTED, f"out of the LiveKit room ({why})")
            case Reconnected():
                self._check_after_reconnect()
            case DataReceived(identity=identity) if identity in (self._avatar, ""):
                end = self.guest.on_data(event) if self.guest else None
                if end is not None and not self._ended.done():
                    self._ended.set_result(end)

    def _check_after_reconnect(self) -> None:
        if self._avatar not in self._room.participants():
            self._lost(EndReason.DISCONNECTED, "the avatar was gone after a reconnect")
        elif self._speech.in_flight:
            # Byte streams do not survive it: the worker waits for a rest that never comes.
            self._lost(EndReason.DISCONNECTED, "speech was cut by a reconnect to the room")

    def _lost(self, reason: EndReason, detail: str) -> None:
        if not self._ended.done():
            self._ended.set_result(SessionEnd(reason, detail))
