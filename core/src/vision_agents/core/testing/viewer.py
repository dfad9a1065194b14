"""A viewer of an avatar's published tracks, and a call that measures them in real time.

``Viewer`` pulls sound and picture the way an edge does. ``MeasuredCall`` plays the agent's part
around an avatar: it sends speech with markers, interrupts, and says what the viewer got. Both work
on any avatar and any stand-in that draws with ``FlashRenderer``.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import av
import numpy as np

from vision_agents.core.edge.audio_track import OutboundAudioTrack
from vision_agents.core.media.audio_stream import AudioOutputChunk, AudioOutputStream
from vision_agents.core.media.pcm import PcmData
from vision_agents.core.testing.markers import MarkerDetector, MarkerReport, speech_with_markers

if TYPE_CHECKING:
    from aiortc import VideoStreamTrack

    from vision_agents.core.avatars.avatar import Avatar
    from vision_agents.core.sync.utterances import UtteranceFinished

RATE_HZ = 48_000
SPEECH_RATE_HZ = 24_000
SEND_S = 0.1
AUDIBLE = 100  # of 32767: codecs make noise of a few units out of silence


class Viewer:
    """Watches and listens from ``async with`` on; ``detector`` collects what comes.

    ``quiet_since_s`` tells since when (monotonic seconds) nothing was heard.
    """

    def __init__(
        self,
        audio: AudioOutputStream,
        video: VideoStreamTrack,
        *,
        fps: float = 25,
        source_size: tuple[int, int] | None = None,
    ) -> None:
        self.detector = MarkerDetector(RATE_HZ, fps=fps, source_size=source_size)
        self.last_sound_s = 0.0
        self._audio = OutboundAudioTrack(audio)
        self._video = video
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Viewer:
        self._tasks = [
            asyncio.create_task(self._listen(), name="viewer listens"),
            asyncio.create_task(self._watch(), name="viewer watches"),
        ]
        return self

    async def __aexit__(self, *exc: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)

    def report(self) -> MarkerReport:
        """What was seen and heard so far."""
        return self.detector.report()

    async def _listen(self) -> None:
        while True:
            frame = await self._audio.recv()
            now_s = time.monotonic()
            samples = frame.to_ndarray()[0]
            if np.abs(samples).max() > AUDIBLE:
                self.last_sound_s = now_s + len(samples) / RATE_HZ
            self.detector.push_audio(PcmData.from_numpy(samples, RATE_HZ), now_s)

    async def _watch(self) -> None:
        while True:
            frame = await self._video.recv()
            assert isinstance(frame, av.VideoFrame)
            self.detector.push_video(frame, time.monotonic())


@dataclass(frozen=True, slots=True)
class Spoken:
    """One utterance as it was sent and what became of it; times are monotonic seconds."""

    utterance_id: int
    sent_s: float
    finished: UtteranceFinished
    interrupted_at_s: float | None = None
    sound_after_interrupt_s: float = 0.0
    """How long after the interrupt the published sound went on."""


class MeasuredCall:
    """The agent's part in a call with ``avatar``, which it starts and closes.

    ::

        async with MeasuredCall(avatar, source_size=(320, 240)) as call:
            await call.say(3.0)
            await call.say(5.0, interrupt_after_s=1.5)
        assert call.report().p95_ms() < 45
    """

    def __init__(
        self, avatar: Avatar, *, fps: float = 25, source_size: tuple[int, int] | None = None
    ) -> None:
        self.avatar = avatar
        self.input = AudioOutputStream(send_timeout_s=5.0)
        self.viewer = Viewer(
            avatar.audio_output(), avatar.video_output(), fps=fps, source_size=source_size
        )
        self.spoken: list[Spoken] = []
        self._exit = AsyncExitStack()
        avatar.attach_audio_input(self.input)
        avatar.audio_output().playback.follow(self.input)

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as undo:
            undo.push_async_callback(self.avatar.close)
            undo.callback(self.input.close)
            await undo.enter_async_context(self.viewer)
            await self.avatar.start()
            self._exit = undo.pop_all()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._exit.aclose()

    def report(self) -> MarkerReport:
        """What the viewer saw and heard so far."""
        return self.viewer.report()

    async def say(
        self, duration_s: float, *, interrupt_after_s: float | None = None, every_s: float = 0.5
    ) -> Spoken:
        """Send one utterance as fast as it is taken, and wait until it is over.

        ``interrupt_after_s`` counts from its first sound at the viewer.

        Raises:
            TimeoutError: it is not over 20 s after it should be.
        """
        utterance_id = len(self.spoken) + 1
        speech = speech_with_markers(
            duration_s, SPEECH_RATE_HZ, every_s=every_s, utterance=utterance_id
        )
        for piece in speech.chunks(round(SEND_S * SPEECH_RATE_HZ)):
            await self.input.send(AudioOutputChunk(piece, utterance_id=utterance_id))
        await self.input.send(AudioOutputChunk(final=True, utterance_id=utterance_id))
        spoken = await self._over(utterance_id, duration_s, interrupt_after_s)
        self.spoken.append(spoken)
        return spoken

    async def _over(
        self, utterance_id: int, duration_s: float, interrupt_after_s: float | None
    ) -> Spoken:
        playback = self.avatar.audio_output().playback
        if interrupt_after_s is None:
            finished = await playback.wait_finished(utterance_id, timeout_s=duration_s + 20.0)
            return Spoken(utterance_id, duration_s, finished)
        async with asyncio.timeout(20.0):
            await self._heard(utterance_id, interrupt_after_s)
        at_s = time.monotonic()
        await self.interrupt()
        finished = await playback.wait_finished(utterance_id, timeout_s=20.0)
        await asyncio.sleep(0.3)
        after_s = max(0.0, self.viewer.last_sound_s - at_s)
        return Spoken(utterance_id, duration_s, finished, at_s, after_s)

    async def _heard(self, utterance_id: int, seconds: float) -> None:
        """Return when that much was heard; the position moves with each pull, 20 ms apart."""
        playback = self.avatar.audio_output().playback
        while playback.heard_s(utterance_id) < seconds:  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    async def interrupt(self) -> None:
        """A barge-in, in the agent's order: input, local cut, provider."""
        await self.input.flush()
        await self.avatar.audio_output().flush()
        await self.avatar.interrupt()
