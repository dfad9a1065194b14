"""An edge in memory: hears and sees what an agent publishes, and plays a person for tests."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, cast

from vision_agents.core.edge.call import Participant
from vision_agents.core.edge.commands import Command, Interrupt, Say
from vision_agents.core.edge.edge import Edge
from vision_agents.core.edge.mailbox import Mailbox

if TYPE_CHECKING:
    import av
    from aiortc import VideoStreamTrack

    from vision_agents.core.agents.user import User
    from vision_agents.core.edge.call import Call
    from vision_agents.core.media.audio_stream import AudioOutputStream
    from vision_agents.core.media.pcm import PcmData

__all__ = ["LoopbackEdge"]

PACKET_S = 0.02
# What a person said and nobody took: 250 packets are 5 s.
MAX_WAITING = 250


class LoopbackEdge(Edge):
    """One listener in this process, in real time: 20 ms of sound every 20 ms, each picture once.

    ``on_audio(pcm, at_s)`` and ``on_video(frame, at_s)`` get what is published as it leaves
    (s16 at ``rate_hz``; monotonic seconds); they run on the event loop and must be quick. The
    last ``keep_s`` seconds of sound also stand in ``heard``. With ``present=False`` nobody is
    there at first.

    ``speak``, ``type_text`` and ``press_interrupt`` are what the listener does; ``leave`` and
    ``enter`` go and come back; ``hang_up`` ends the call, as ``fail`` does with an error.
    """

    def __init__(
        self,
        *,
        rate_hz: int = 48_000,
        present: bool = True,
        keep_s: float = 60.0,
        on_audio: Callable[[PcmData, float], None] | None = None,
        on_video: Callable[[av.VideoFrame, float], None] | None = None,
    ) -> None:
        super().__init__()
        self.heard: deque[PcmData] = deque(maxlen=max(1, round(keep_s / PACKET_S)))
        self.pictures = 0
        self.listener = Participant(user_id="loopback", name="Loopback")
        self.call: Call | None = None
        self.audio: AudioOutputStream | None = None
        self.video: VideoStreamTrack | None = None
        self._rate_hz = rate_hz
        self._on_audio = on_audio
        self._on_video = on_video
        self._present = asyncio.Event()
        if present:
            self._present.set()
        self._over = asyncio.Event()
        self._failure: Exception | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._incoming: Mailbox[PcmData] = Mailbox(MAX_WAITING)
        self._wishes: Mailbox[Command] = Mailbox(MAX_WAITING)

    # -- what an agent calls ------------------------------------------------------------------

    async def join(self, call: Call, user: User) -> None:
        del user
        self.call = call

    async def publish(
        self, *, audio: AudioOutputStream | None, video: VideoStreamTrack | None
    ) -> None:
        self.audio, self.video = audio, video
        if audio is not None:
            self._tasks.append(asyncio.create_task(self._hear(audio), name="loopback-audio"))
        if video is not None:
            self._tasks.append(asyncio.create_task(self._see(video), name="loopback-video"))

    def incoming_audio(self) -> AsyncIterator[PcmData]:
        return self._incoming

    def commands(self) -> AsyncIterator[Command]:
        return self._wishes

    async def wait_for_participant(self, timeout_s: float) -> bool:
        try:
            async with asyncio.timeout(timeout_s):
                await self._present.wait()
        except TimeoutError:
            return False
        return True

    async def wait_ended(self) -> None:
        await self._over.wait()
        if self._failure is not None:
            raise self._failure

    async def close(self) -> None:
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        self._incoming.close()
        self._wishes.close()
        self._over.set()
        await super().close()

    # -- what the listener does ---------------------------------------------------------------

    def speak(self, pcm: PcmData) -> None:
        """Say something to the agent: the next chunk of ``incoming_audio()``."""
        pcm.participant = self.listener
        self._incoming.put(pcm)

    def type_text(self, text: str) -> None:
        """Ask the agent to say ``text``."""
        self._wishes.put(Say(text))

    def press_interrupt(self) -> None:
        """Ask for silence."""
        self._wishes.put(Interrupt())

    def leave(self) -> None:
        """Nobody listens or watches until ``enter``."""
        self._present.clear()

    def enter(self) -> None:
        """Listen and watch (again)."""
        self._present.set()

    def hang_up(self) -> None:
        """End the call."""
        self._over.set()

    def fail(self, error: Exception) -> None:
        """End the call with an error, as an edge that lost its connection does."""
        self._failure = error
        self._over.set()

    async def _hear(self, audio: AudioOutputStream) -> None:
        samples = round(self._rate_hz * PACKET_S)
        due_s = time.monotonic()
        while True:
            if not self._present.is_set():
                await self._present.wait()
                due_s = time.monotonic()
            await asyncio.sleep(due_s - time.monotonic())
            pcm = audio.pull(samples, self._rate_hz, time.monotonic())
            self.heard.append(pcm)
            if self._on_audio is not None:
                self._on_audio(pcm, due_s)
            due_s += PACKET_S

    async def _see(self, video: VideoStreamTrack) -> None:
        from aiortc import MediaStreamError  # loaded by whoever made the track

        while True:
            await self._present.wait()
            try:
                frame = cast("av.VideoFrame", await video.recv())
            except MediaStreamError:
                return
            self.pictures += 1
            if self._on_video is not None:
                self._on_video(frame, time.monotonic())
