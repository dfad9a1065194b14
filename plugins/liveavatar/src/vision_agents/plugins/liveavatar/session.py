"""One LiveAvatar session: speech goes out over the WebSocket, the face comes back from a room."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from vision_agents.core.avatars.provider import (
    EndReason,
    Limits,
    MediaSink,
    ProviderSession,
    SessionEnd,
)
from vision_agents.core.errors import ProviderError
from vision_agents.plugins.liveavatar import playback, wire
from vision_agents.plugins.liveavatar.api import PROVIDER, LiveAvatarApi, StartedSession
from vision_agents.plugins.liveavatar.channel import LiveAvatarChannel
from vision_agents.plugins.livekit.events import Disconnected, ParticipantLeft, RoomEvent
from vision_agents.plugins.livekit.room import RoomClient

if TYPE_CHECKING:
    from vision_agents.core.media.pcm import PcmData

logger = logging.getLogger(__name__)

AVATAR_IDENTITY = "heygen"
"""The avatar's participant in a hosted room; the provider's web SDK filters on it too."""
IDLE_TIMEOUT_S = 300.0
KEEP_ALIVE_S = 120.0
"""The service closes a session after five minutes without a command (documentation)."""
FIRST_PICTURE_TIMEOUT_S = 15.0

_STOP_REASONS = {
    EndReason.CLOSED: "USER_CLOSED",
    EndReason.RENEWED: "MAX_DURATION_REACHED",
    EndReason.CAP: "MAX_DURATION_REACHED",
    EndReason.IDLE: "IDLE_TIMEOUT",
    EndReason.QUOTA: "NO_CREDITS",
    EndReason.STALLED: "SERVER_ERROR",
    EndReason.FAILED: "UNKNOWN",
    EndReason.ENDED: "UNKNOWN",
    EndReason.DISCONNECTED: "USER_DISCONNECTED",
}


class LiveAvatarSession(ProviderSession):
    """A started session; ``open`` makes it ready, ``disconnect`` stops it at the service.

    Takes over ``api`` and closes it.
    """

    def __init__(self, api: LiveAvatarApi, started: StartedSession, media: MediaSink) -> None:
        self.limits = Limits(
            session_id=started.session_id,
            max_session_s=started.max_session_s,
            idle_timeout_s=IDLE_TIMEOUT_S,
            keep_alive_s=KEEP_ALIVE_S,
        )
        self._started_at_s = time.monotonic()
        self._api = api
        self._started = started
        self._media = media
        self._reports = playback.PlaybackReports()
        self._ended: asyncio.Future[SessionEnd] = asyncio.get_running_loop().create_future()
        self._room = RoomClient(provider=PROVIDER, on_event=self._on_room)
        self._channel = LiveAvatarChannel(started.ws_url, self._on_event)
        self._commands = 0
        self._disconnecting: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Dial the socket, join the room, and wait until both are of use.

        Raises:
            ProviderError: of the kind that fits; ``disconnect`` follows.
        """
        self._media.phase("socket")
        await self._channel.dial()
        self._media.phase("room")
        self._room.receive(
            AVATAR_IDENTITY,
            on_video=lambda _, frame: self._media.write_video(frame),
            on_audio=lambda _, pcm: self._media.write_audio(pcm),
        )
        await self._room.connect(self._started.livekit_url, self._started.livekit_token)
        self._media.phase("connected")
        await self._channel.wait_connected()
        self._media.phase("first picture")
        await self._room.wait_for_track(AVATAR_IDENTITY, "video", timeout_s=FIRST_PICTURE_TIMEOUT_S)
        self.limits = replace(self.limits, max_session_s=self._left_s())

    def _left_s(self) -> float | None:
        """The service counts its cap from the start call, which was seconds ago."""
        cap_s = self._started.max_session_s
        if cap_s is None:
            return None
        return max(0.0, cap_s - (time.monotonic() - self._started_at_s))

    # ------------------------------------------------------------------------ speech
    async def send(self, pcm: PcmData, *, utterance: int) -> None:
        self._reports.sent(utterance)
        await self._channel.send(wire.speak(playback.event_id(utterance), pcm.to_bytes()))

    async def end(self, *, utterance: int) -> None:
        await self._channel.send(wire.speak_end(playback.event_id(utterance)))

    async def interrupt(self, *, utterance: int) -> None:
        self._reports.interrupted()
        await self._channel.send(wire.interrupt(playback.event_id(utterance)))

    async def keep_alive(self) -> None:
        await self._channel.send(wire.keep_alive(self._next_id("keep-alive")))

    async def user_speaking(self, speaking: bool) -> None:
        await self._channel.send(wire.listening(self._next_id("listening"), start=speaking))

    def _next_id(self, kind: str) -> str:
        self._commands += 1
        return f"{kind}-{self._commands}"

    # ------------------------------------------------------------------------ its end
    async def wait_closed(self) -> SessionEnd:
        ends = {self._ended, self._channel.ended}
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        return next(end for end in ends if end.done()).result()

    async def disconnect(self, reason: EndReason) -> None:
        if self._disconnecting is None:
            self._disconnecting = asyncio.create_task(
                self._disconnect(reason), name="liveavatar disconnect"
            )
        await asyncio.shield(self._disconnecting)

    async def _disconnect(self, reason: EndReason) -> None:
        self._end(SessionEnd(reason))
        try:
            await asyncio.gather(self._stop(reason), self._channel.close(), self._room.close())
        finally:
            await self._api.close()

    async def _stop(self, reason: EndReason) -> None:
        session_id = self._started.session_id
        try:
            await self._api.stop(session_id, _STOP_REASONS[reason])
        except ProviderError as error:
            logger.warning(
                "liveavatar: session %s could not be stopped and is billed until its idle limit "
                "of %g s: %s",
                session_id,
                IDLE_TIMEOUT_S,
                error,
            )

    def _end(self, end: SessionEnd) -> None:
        if not self._ended.done():
            self._ended.set_result(end)

    # ------------------------------------------------------------------- what it tells
    def _on_event(self, event: wire.Event) -> None:
        report = self._reports.report(event)
        if report is not None:
            self._media.report(report)
        if isinstance(event, wire.Refused):
            logger.warning("liveavatar says %s: %s", event.kind, event.message)

    def _on_room(self, event: RoomEvent) -> None:
        match event:
            case ParticipantLeft(identity=identity, reason=why) if identity == AVATAR_IDENTITY:
                self._end(SessionEnd(EndReason.ENDED, f"the avatar left the room ({why})"))
            case Disconnected(reason=why):
                self._end(SessionEnd(EndReason.DISCONNECTED, f"out of the room ({why})"))
