"""A provider's avatar worker, played: joins the room, takes speech by byte streams, shows a face.

It follows the avatar data-stream protocol as the reference worker of livekit-agents does, records
what it was sent, and has a switch for every way in which workers were seen to fail.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import jwt
import numpy as np

from livekit import rtc
from vision_agents.core.errors import ProviderError
from vision_agents.core.testing.puppet import Began, Ended, Puppet, Starved
from vision_agents.core.testing.service import ServiceLog
from vision_agents.plugins.livekit.avatar_io import (
    AUDIO_TOPIC,
    CLEAR_BUFFER,
    PLAYBACK_FINISHED,
    PLAYBACK_STARTED,
)
from vision_agents.plugins.livekit.events import (
    DataReceived,
    Disconnected,
    ParticipantLeft,
    RoomEvent,
)
from vision_agents.plugins.livekit.room import RoomClient
from vision_agents.plugins.livekit.tokens import ON_BEHALF_ATTRIBUTE

from .stage import PuppetStage

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from vision_agents.core.testing.puppet import PuppetEvent

logger = logging.getLogger(__name__)

AGENT_TIMEOUT_S = 30.0
SUBSCRIBED_TIMEOUT_S = 10.0
RPC_TRIES = 3
RPC_TIMEOUT_S = 5.0
RPC_PAUSE_S = 0.1


@dataclass(slots=True)
class WorkerFaults:
    """What goes wrong. May be changed while the worker runs."""

    join_delay_s: float = 0.0
    never_join: bool = False
    no_video: bool = False
    no_clear_reply: bool = False
    late_clear_reply_s: float = 0.0
    no_finished: bool = False
    no_started: bool = False
    early_finished: bool = False
    leave_after_s: float | None = None
    """Leave this long after the first sound of an utterance has left."""
    freeze_after_s: float | None = None
    """Stay in the room and send nothing more, this long after the first sound has left."""


@dataclass(slots=True)
class Segment:
    """One byte stream as it was received."""

    attributes: dict[str, str]
    samples: int = 0
    closed: bool = False
    """Whether the sender ended it; False also when we stopped reading."""
    faults: list[str] = field(default_factory=list)


class AvatarWorker:
    """One worker for one session; ``run`` it in a task, cancel the task to kill it.

    ``draw`` makes the pictures (see ``Puppet``), of ``size``. ``on_ready`` is awaited when both
    tracks are published; ``on_started`` for each utterance whose first sound has left. What comes
    is noted in ``log`` under the name ``session``.
    """

    def __init__(
        self,
        url: str,
        token: str,
        puppet: Puppet,
        *,
        size: tuple[int, int],
        faults: WorkerFaults | None = None,
        log: ServiceLog | None = None,
        session: str = "",
        on_ready: Callable[[], Coroutine[Any, Any, None]] | None = None,
        on_started: Callable[[], Coroutine[Any, Any, None]] | None = None,
    ) -> None:
        self._url = url
        self._token = token
        self._puppet = puppet
        self._size = size
        self._on_ready = on_ready
        self._on_started = on_started
        self.faults = faults or WorkerFaults()
        self._log = log or ServiceLog()
        self._session = session
        self.segments: list[Segment] = []
        self.clears: list[str] = []
        self.agent = ""
        self.on_data: Callable[[DataReceived], None] | None = None
        """Called with every data message that comes."""
        self.room = RoomClient(provider="avatar worker", on_event=self._on_room)
        self._stage = PuppetStage(self.room, puppet, on_event=self._on_puppet)
        self._streams: asyncio.Queue[rtc.ByteStreamReader] = asyncio.Queue()
        self._reader: rtc.ByteStreamReader | None = None
        self._group: asyncio.TaskGroup | None = None
        self._over = asyncio.Event()
        self.left_because = ""

    @property
    def speaking(self) -> bool:
        """Whether an utterance is being played or waits to be."""
        return self._puppet.speaking

    def leave(self, because: str = "told to") -> None:
        """Leave the room; ``run`` returns soon."""
        self.left_because = self.left_because or because
        self._over.set()

    def freeze(self) -> None:
        """Stay in the room and send nothing any more, as a hung worker does."""
        self._stage.freeze()

    def show_size(self, width: int, height: int) -> None:
        """From now on pictures are of another size; ``draw`` must already make them so."""
        self._size = (width, height)

    async def run(self) -> None:
        """Be the worker until told to leave, or the room is gone. Leaves nothing behind."""
        if self.faults.never_join:
            await self._over.wait()
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.faults.join_delay_s):
                await self._over.wait()
                return
        try:
            await self.room.connect(self._url, self._token)
            async with asyncio.TaskGroup() as group:
                self._group = group
                tasks = [group.create_task(self._work(), name="avatar-worker")]
                await self._over.wait()
                self._group = None
                for task in tasks:
                    task.cancel()
        finally:
            self._group = None
            await self.room.close()
            await self._stage.close()

    async def _work(self) -> None:
        self.room.on_byte_stream(AUDIO_TOPIC, self._on_stream)
        self.room.serve(CLEAR_BUFFER, self._on_clear)
        self.agent = await self._find_agent()
        await self._stage.publish(*self._size, video=not self.faults.no_video)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._stage.run(), name="avatar-stage")
            group.create_task(self._read_streams(), name="avatar-streams")
            if self._on_ready is not None:
                group.create_task(self._on_ready(), name="avatar-ready")

    async def _find_agent(self) -> str:
        """The agent we speak for: named in our token, else the first agent in the room."""
        claims = jwt.decode(self._token, options={"verify_signature": False})
        named = str(claims.get("attributes", {}).get(ON_BEHALF_ATTRIBUTE, ""))
        await self.room.wait_for_participant(named or None, timeout_s=AGENT_TIMEOUT_S)
        agents = [who for who, is_agent in self.room.participants().items() if is_agent]
        return named or (agents[0] if agents else "")

    # -- speech in -----------------------------------------------------------------------------

    def _on_stream(self, reader: rtc.ByteStreamReader, sender: str) -> None:
        if sender == self.agent:
            self._streams.put_nowait(reader)
        else:
            reader.close()

    async def _read_streams(self) -> None:
        while True:
            reader = await self._streams.get()
            self._reader = reader
            segment = Segment(dict(reader.info.attributes or {}))
            self.segments.append(segment)
            try:
                await self._read(reader, segment)
            finally:
                self._reader = None
                reader.close()

    async def _read(self, reader: rtc.ByteStreamReader, segment: Segment) -> None:
        name = reader.info.stream_id
        rate_hz = segment.attributes.get("sample_rate")
        if rate_hz != str(self._puppet.rate_hz):
            segment.faults.append(f"sample_rate {rate_hz!r}, not {self._puppet.rate_hz}")
        if segment.attributes.get("num_channels") != "1":
            segment.faults.append(f"num_channels {segment.attributes.get('num_channels')!r}")
        odd = b""
        try:
            async for chunk in reader:
                if self._reader is not reader:
                    return  # cleared meanwhile
                whole = odd + chunk
                odd = whole[len(whole) & ~1 :]
                samples = np.frombuffer(whole[: len(whole) & ~1], np.int16)
                segment.samples += len(samples)
                self._log.speech(self._session, len(samples), self._puppet.rate_hz, utterance=name)
                self._puppet.speak(name, samples)
        except rtc.StreamError as error:
            segment.faults.append(str(error))
        if self._reader is reader:
            segment.closed = True
            if odd:
                segment.faults.append("half a sample at the end")
            self._log.ended(self._session, utterance=name)
            self._puppet.end(name)
            if self.faults.early_finished and segment.samples:
                self._spawn(self._finished(segment.samples / self._puppet.rate_hz, False))

    async def _on_clear(self, call: rtc.RpcInvocationData) -> str:
        self.clears.append(call.caller_identity)
        if call.caller_identity != self.agent:
            return "reject"
        self._log.interrupted(self._session)
        if self.faults.no_clear_reply:
            await asyncio.sleep(call.response_timeout)
        await asyncio.sleep(self.faults.late_clear_reply_s)
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()
        self._stage.interrupt()
        return "ok"

    # -- what is told --------------------------------------------------------------------------

    def _on_puppet(self, event: PuppetEvent) -> None:
        match event:
            case Began():
                if not self.faults.no_started:
                    self._spawn(self._call_agent(PLAYBACK_STARTED, ""))
                if self._on_started is not None:
                    self._spawn(self._on_started())
                if self.faults.leave_after_s is not None:
                    self._spawn(self._leave_in(self.faults.leave_after_s))
                if self.faults.freeze_after_s is not None:
                    self._spawn(self._freeze_in(self.faults.freeze_after_s))
            case Ended(position_s=position_s, interrupted=interrupted):
                if not (self.faults.no_finished or self.faults.early_finished):
                    self._spawn(self._finished(position_s, interrupted))
            case Starved():
                logger.debug("the speech of %s has run dry", event.utterance)

    async def _leave_in(self, delay_s: float) -> None:
        await asyncio.sleep(delay_s)
        self.leave("fault")

    async def _freeze_in(self, delay_s: float) -> None:
        await asyncio.sleep(delay_s)
        self._stage.freeze()

    async def _finished(self, position_s: float, interrupted: bool) -> None:
        told = {"playback_position": position_s, "interrupted": interrupted}
        await self._call_agent(PLAYBACK_FINISHED, json.dumps(told))

    async def _call_agent(self, method: str, payload: str) -> None:
        for attempt in range(RPC_TRIES):
            try:
                await self.room.call(self.agent, method, payload, timeout_s=RPC_TIMEOUT_S)
                return
            except (rtc.RpcError, ProviderError) as error:
                if attempt + 1 == RPC_TRIES or self._over.is_set():
                    logger.debug("%s not delivered to %s: %s", method, self.agent, error)
                    return
            await asyncio.sleep(RPC_PAUSE_S)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        if self._group is None:
            work.close()
            return
        self._group.create_task(work)

    def _on_room(self, event: RoomEvent) -> None:
        match event:
            case ParticipantLeft(identity=identity) if identity == self.agent:
                self.leave("the agent left")
            case DataReceived() if self.on_data is not None:
                self.on_data(event)
            case Disconnected(reason=reason):
                self.leave(f"out of the room: {reason}")
