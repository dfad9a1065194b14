"""Small, real parts to test an agent with: no account, no network, no waiting for speech.

They keep the contracts to the letter, so what an application's test learns with them holds with
other parts too.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from vision_agents.core.avatars import Avatar, AVSynchronizer
from vision_agents.core.llm import LLM, Spoken
from vision_agents.core.media.audio_stream import Mark
from vision_agents.core.media.frames import blank_frame, planes
from vision_agents.core.media.pcm import PcmData
from vision_agents.core.stt import STT, SpeechStarted, Transcript
from vision_agents.core.tts import TTS, SpeechChunk

if TYPE_CHECKING:
    from aiortc import VideoStreamTrack

    from vision_agents.core.media.audio_stream import AudioOutputStream

__all__ = ["PassthroughAvatar", "ScriptedLLM", "ScriptedSTT", "ToneVoice"]


class ToneVoice(TTS):
    """Speaks each word as a tone of ``word_s`` seconds; words are marked.

    ``tone_hz`` says what a word sounds like, so that a test finds it in a recording. Text without
    a letter or digit has no sound.
    """

    provider_name = "tone"

    def __init__(
        self, *, word_s: float = 0.2, tone_hz: float = 440.0, rate_hz: int = 24_000
    ) -> None:
        super().__init__()
        self.spoken: list[str] = []
        self.interruptions = 0
        self.closed = False
        self._word_s = word_s
        self._tone_hz = tone_hz
        self._rate_hz = rate_hz

    async def synthesize(self, text: str) -> AsyncIterator[SpeechChunk]:
        self.spoken.append(text)
        for word in text.split():
            if any(character.isalnum() for character in word):
                yield SpeechChunk(self._tone(), marks=(Mark("word", word, 0.0),))
                await asyncio.sleep(0)

    def _tone(self) -> PcmData:
        t = np.arange(round(self._word_s * self._rate_hz)) / self._rate_hz
        wave = np.sin(2 * np.pi * self._tone_hz * t) * 8000
        return PcmData.from_numpy(wave.astype(np.int16), self._rate_hz)

    async def interrupt(self) -> None:
        self.interruptions += 1

    async def close(self) -> None:
        self.closed = True


class PassthroughAvatar(Avatar):
    """The smallest avatar: gives the sound back, with a picture as bright as the sound is loud.

    ``start_s`` is how long its start takes, None for ever; ``start_error`` is raised there.
    """

    provider_name = "passthrough"

    def __init__(
        self,
        *,
        width: int = 64,
        height: int = 48,
        fps: int = 30,
        start_s: float | None = 0.0,
        start_error: Exception | None = None,
    ) -> None:
        super().__init__()
        self.interrupted_at_s: list[float] = []
        self.starts = self.closes = 0
        self._size = width, height
        self._fps = fps
        self._start_s = start_s
        self._start_error = start_error
        self._sync = AVSynchronizer(width=width, height=height, fps=fps, shared_timeline=True)
        self._task: asyncio.Task[None] | None = None
        self._samples = 0
        self._pictures = 0

    def video_output(self) -> VideoStreamTrack:
        return self._sync.video_output

    def audio_output(self) -> AudioOutputStream:
        return self._sync.audio_output

    async def start(self) -> None:
        self.starts += 1
        if self._start_s is None:
            await asyncio.Event().wait()
        else:
            await asyncio.sleep(self._start_s)
        if self._start_error is not None:
            raise self._start_error
        self._task = asyncio.create_task(self._consume(), name="passthrough-avatar")

    async def interrupt(self) -> None:
        self.interrupted_at_s.append(time.monotonic())

    async def close(self) -> None:
        self.closes += 1
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait({task})
        self._sync.close()

    async def _consume(self) -> None:
        async for chunk in self.input_audio_stream:
            if chunk.data is not None:
                await self._show(chunk.data)
                # After writing, not before: what is taken must not be held through a barge-in.
                await self._sync.wait_for_demand()

    async def _show(self, pcm: PcmData) -> None:
        rate_hz = pcm.sample_rate
        while self._pictures / self._fps < self._samples / rate_hz + pcm.duration:
            frame = blank_frame(*self._size)
            level = 16 + min(200, int(np.abs(pcm.samples).mean()) // 25)
            planes(frame)[0][:] = level
            frame.pts, frame.time_base = self._pictures, Fraction(1, self._fps)
            self._pictures += 1
            await self._sync.write_video(frame)
        own = PcmData(
            rate_hz, pcm.format, pcm.samples, pts=self._samples, time_base=Fraction(1, rate_hz)
        )
        self._samples += len(own)
        await self._sync.write_audio(own)


class ScriptedLLM(LLM):
    """Answers with the given texts in turn, ``piece`` characters at a time."""

    provider_name = "scripted"

    def __init__(self, answers: Iterable[str], *, piece: int = 4, piece_s: float = 0.0) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.memory: list[Spoken] = []
        self._answers = iter(answers)
        self._piece = piece
        self._piece_s = piece_s

    async def respond(self, text: str, *, participant_id: str | None = None) -> AsyncIterator[str]:
        del participant_id
        self.asked.append(text)
        answer = next(self._answers)
        for at in range(0, len(answer), self._piece):
            await asyncio.sleep(self._piece_s)
            yield answer[at : at + self._piece]

    def spoken(self, spoken: Spoken) -> None:
        self.memory.append(spoken)


class ScriptedSTT(STT):
    """Takes every chunk of sound for a turn, recognised as the next of the given texts."""

    provider_name = "scripted"

    def __init__(self, texts: Iterable[str]) -> None:
        super().__init__()
        self.heard: list[PcmData] = []
        self._texts = iter(texts)

    async def transcribe(
        self, audio: AsyncIterator[PcmData]
    ) -> AsyncIterator[SpeechStarted | Transcript]:
        async for pcm in audio:
            self.heard.append(pcm)
            who = getattr(pcm.participant, "user_id", None)
            yield SpeechStarted(who)
            yield Transcript(next(self._texts), participant_id=who)
