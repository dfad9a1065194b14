"""The LiveKit edge: the agent as one more participant of a room."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine
from typing import TYPE_CHECKING, Any

from livekit import rtc
from vision_agents.core.edge import Edge
from vision_agents.core.edge.call import Participant
from vision_agents.core.edge.mailbox import Mailbox
from vision_agents.core.errors import DisconnectedError, ProviderTimeoutError, StateError

from .events import Disconnected, ParticipantLeft, Reconnecting, RoomEvent
from .publishing import audio_options, video_options
from .pump import AudioPump, VideoPump
from .room import RoomClient
from .settings import LiveKitEdgeSettings
from .tokens import join_token

if TYPE_CHECKING:
    from aiortc import VideoStreamTrack

    from vision_agents.core.agents.user import User
    from vision_agents.core.edge.call import Call
    from vision_agents.core.media import PcmData
    from vision_agents.core.media.audio_stream import AudioOutputStream

logger = logging.getLogger(__name__)

INCOMING_CHUNKS = 500
"""Of 10 ms, waiting for the reader of ``incoming_audio``: 5 s."""
FIRST_PICTURE_TIMEOUT_S = 5.0
# Somebody put the agent out, or closed the room: the call is over, nothing has failed.
_ORDERLY = frozenset({"room_deleted", "room_closed", "participant_removed", "client_initiated"})


class LiveKitEdge(Edge):
    """Joins the room named like the call, or ``room``; publishes there and hears everybody.

    Arguments are those of ``LiveKitEdgeSettings``; what is not given comes from the environment.
    The room is made by joining it. The call is over when the room is closed, the agent is put
    out, or the last person has left.

    Raises:
        ConfigError: a setting is missing or cannot work; names it and its variable.
    """

    def __init__(
        self,
        *,
        url: str | None = None,
        api_key: str | None = None,
        api_secret: str | None = None,
        room: str | None = None,
        sample_rate_hz: int | None = None,
    ) -> None:
        super().__init__()
        self.settings = LiveKitEdgeSettings.from_env(
            url=url,
            api_key=api_key,
            api_secret=api_secret,
            room=room,
            sample_rate_hz=sample_rate_hz,
        )
        self._connection = self.settings.connection()
        self._room = RoomClient(provider="livekit", on_event=self._on_room)
        self._incoming: Mailbox[PcmData] = Mailbox(INCOMING_CHUNKS)
        self._over: asyncio.Event = asyncio.Event()
        self._lost: str | None = None
        self._joined = False
        self._published = False
        self._audio: AudioPump | None = None
        self._video: VideoPump | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._closing: asyncio.Task[None] | None = None

    async def join(self, call: Call, user: User) -> None:
        """Enter the room as ``user``.

        Raises:
            AuthError: the server refuses the key.
            DisconnectedError, ProviderTimeoutError: it cannot be reached.
            StateError: joined before, or closed.
        """
        if self._joined or self._closing is not None:
            raise StateError("a LiveKitEdge is for one call: make a new one for the next")
        self._joined = True
        name = self.settings.room or call.id
        token = join_token(
            self._connection, room=name, identity=user.id, name=user.name, kind="agent"
        )
        self._room.receive(None, on_audio=self._hear)
        await self._room.connect(self._connection.url, token)
        logger.info("the agent is in the LiveKit room %s", name)

    async def publish(
        self, *, audio: AudioOutputStream | None, video: VideoStreamTrack | None
    ) -> None:
        """Publish both as tracks of our participant.

        Raises:
            StateError: called twice, or not joined.
            ProviderTimeoutError: no picture came, or the server did not answer.
            DisconnectedError: we are out of the room.
        """
        if self._published or not self._joined:
            raise StateError("publish() is called once, after join()")
        self._published = True
        if audio is not None:
            await self._publish_audio(audio)
        if video is not None:
            await self._publish_video(video)

    async def _publish_audio(self, stream: AudioOutputStream) -> None:
        self._audio = AudioPump(stream, rate_hz=self.settings.sample_rate_hz)
        track = rtc.LocalAudioTrack.create_audio_track("agent-audio", self._audio.source)
        await self._room.publish(track, audio_options())
        self._spawn(self._audio.run(), "livekit-edge-audio")

    async def _publish_video(self, video: VideoStreamTrack) -> None:
        self._video = VideoPump(video)
        try:
            async with asyncio.timeout(FIRST_PICTURE_TIMEOUT_S):
                source = await self._video.prepare()
        except TimeoutError:
            raise ProviderTimeoutError(
                "the first picture to publish",
                provider="livekit",
                timeout_s=FIRST_PICTURE_TIMEOUT_S,
            ) from None
        track = rtc.LocalVideoTrack.create_video_track("agent-video", source)
        fps = float(getattr(video, "fps", 30.0))
        await self._room.publish(track, video_options(*self._video.size, fps))
        self._spawn(self._video.run(), "livekit-edge-video")

    async def close(self) -> None:
        """Leave the room; idempotent, bounded, from any state."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._close(), name="livekit-edge-close")
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self._room.close()
        for pump in (self._audio, self._video):
            if pump is not None:
                await pump.close()
        self._incoming.close()
        self._over.set()
        await super().close()

    def incoming_audio(self) -> AsyncIterator[PcmData]:
        """What everybody else says: 48 kHz mono in pieces of 10 ms, each with its participant."""
        return self._incoming

    async def wait_for_participant(self, timeout_s: float) -> bool:
        """Wait until somebody else is in the room."""
        try:
            await self._room.wait_for_participant(None, timeout_s=timeout_s)
        except ProviderTimeoutError:
            return False
        return True

    async def wait_ended(self) -> None:
        """Wait until the room is closed, the agent put out, the last person gone, or ``close``.

        Raises:
            DisconnectedError: the connection to the room was lost for good.
        """
        await self._over.wait()
        if self._lost is not None:
            raise DisconnectedError(f"lost the LiveKit room: {self._lost}", provider="livekit")

    def _hear(self, identity: str, pcm: PcmData) -> None:
        pcm.participant = Participant(user_id=identity)
        self._incoming.put(pcm)

    def _on_room(self, event: RoomEvent) -> None:
        match event:
            case Disconnected(reason=reason):
                self._lost = None if reason in _ORDERLY else reason
                self._over.set()
            case ParticipantLeft() if not self._room.participants():
                self._over.set()
            case Reconnecting():
                logger.warning("the connection to the LiveKit room is lost; trying to get it back")

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        task.add_done_callback(self._pump_done)
        self._tasks.append(task)

    def _pump_done(self, task: asyncio.Task[None]) -> None:
        """A pump that failed ends the call with its reason: a mute room would tell nobody."""
        if task.cancelled() or task.exception() is None:
            return
        error = task.exception()
        logger.error("publishing stopped", exc_info=error)
        self._lost = f"publishing stopped: {type(error).__name__}: {error}"
        self._over.set()
