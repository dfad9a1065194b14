"""One session: a room with us and one avatar worker in it."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from vision_agents.core.avatars.provider import (
    EndReason,
    Limits,
    MediaSink,
    ProviderSession,
    SessionEnd,
)
from vision_agents.core.errors import DisconnectedError, ProviderError

from . import rooms
from .avatar_io import AvatarSpeech
from .events import (
    DataReceived,
    Disconnected,
    ParticipantLeft,
    Reconnected,
    Reconnecting,
    RoomEvent,
)
from .guest import AvatarGuest, Invitation
from .room import RoomClient
from .tokens import TTL_S, avatar_token, join_token

if TYPE_CHECKING:
    import av

    from vision_agents.core.media import PcmData

    from .connection import LiveKitConnection

logger = logging.getLogger(__name__)

# Each wait's own limit; the supervisor's limit for the whole start is usually the shorter one.
AVATAR_JOIN_TIMEOUT_S = 30.0
FIRST_PICTURE_TIMEOUT_S = 15.0
PICTURE_SLICES = 5


class LiveKitSession(ProviderSession):
    """One room with us and one avatar worker in it."""

    def __init__(
        self,
        connection: LiveKitConnection,
        provider: str,
        name: str,
        media: MediaSink,
        *,
        token_ttl_s: float = TTL_S,
    ) -> None:
        self._connection = connection
        self._token_ttl_s = token_ttl_s
        self._provider = provider
        self.room_name = name
        self._agent = f"{name}-agent"
        self._avatar = f"{name}-avatar"
        self._media = media
        self._ended: asyncio.Future[SessionEnd] = asyncio.get_running_loop().create_future()
        self._disconnecting: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._pictures = 0
        self._reconnecting = False
        self._room = RoomClient(provider=provider, on_event=self._on_room)
        self._speech = AvatarSpeech(
            self._room, self._avatar, provider=provider, report=media.report
        )
        self.guest: AvatarGuest | None = None

    # -- opening -------------------------------------------------------------------------------

    async def join(self) -> None:
        """Enter the room with every handler in place, before the provider is told to come."""
        token = join_token(
            self._connection,
            room=self.room_name,
            identity=self._agent,
            kind="agent",
            ttl_s=self._token_ttl_s,
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
                self._avatar_left(why)
            case Reconnecting():
                self._reconnecting = True
            case Disconnected(reason=why):
                self._lost(EndReason.DISCONNECTED, f"out of the LiveKit room ({why})")
            case Reconnected():
                self._reconnecting = False
                self._check_after_reconnect()
            case DataReceived(identity=identity) if identity in (self._avatar, ""):
                end = self.guest.on_data(event) if self.guest else None
                if end is not None and not self._ended.done():
                    self._ended.set_result(end)

    def _avatar_left(self, why: str) -> None:
        if self._reconnecting:  # the SDK could not resume, begins anew and forgets everybody
            lost = "the connection to the LiveKit room was lost and could not be resumed"
            self._lost(EndReason.DISCONNECTED, lost)
        else:
            self._lost(EndReason.ENDED, f"the avatar left the room ({why})")

    def _check_after_reconnect(self) -> None:
        if self._avatar not in self._room.participants():
            self._lost(EndReason.DISCONNECTED, "the avatar was gone after a reconnect")
        elif self._speech.in_flight:
            # Byte streams do not survive it: the worker waits for a rest that never comes.
            self._lost(EndReason.DISCONNECTED, "speech was cut by a reconnect to the room")

    def _lost(self, reason: EndReason, detail: str) -> None:
        if not self._ended.done():
            self._ended.set_result(SessionEnd(reason, detail))
