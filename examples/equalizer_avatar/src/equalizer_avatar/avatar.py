"""The avatar: speech in; pictures and the very same sound out, in step."""

from __future__ import annotations

import asyncio
from fractions import Fraction

from equalizer_avatar.drawing import Equalizer
from equalizer_avatar.settings import EqualizerSettings
from vision_agents.core.agents.inference import AudioOutputStream
from vision_agents.core.avatars import Avatar, AVSynchronizer
from vision_agents.core.avatars.tracks import QueuedVideoTrack
from vision_agents.core.media import PcmData


class EqualizerAvatar(Avatar):
    """A spectrum that dances to the voice. Arguments are the fields of ``EqualizerSettings``.

    Raises:
        ConfigError: a setting cannot be used; says which and why.
    """

    provider_name = "equalizer"

    def __init__(
        self,
        *,
        width: int | None = None,
        height: int | None = None,
        fps: int | None = None,
        bars: int | None = None,
    ) -> None:
        super().__init__()
        settings = EqualizerSettings.from_env(width=width, height=height, fps=fps, bars=bars)
        self._fps = settings.fps
        self._bars = Equalizer(settings.width, settings.height, settings.bars)
        # Our pictures and our sound count one and the same time, so the engine can be exact.
        self._sync = AVSynchronizer(
            settings.width, settings.height, settings.fps, shared_timeline=True
        )
        self._sync.set_idle_frame(self._bars.draw())
        self._task: asyncio.Task[None] | None = None
        self._pictures = 0  # drawn so far: the picture's time, in 1/fps
        self._sound_s = 0.0  # passed on so far: the sound's time

    def video_output(self) -> QueuedVideoTrack:
        return self._sync.video_output

    def audio_output(self) -> AudioOutputStream:
        return self._sync.audio_output

    async def start(self) -> None:
        self._task = asyncio.create_task(self._consume(self.input_audio_stream), name="equalizer")

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        self._sync.close()

    async def _consume(self, stream: AudioOutputStream) -> None:
        async for chunk in stream:
            if chunk.data is not None:  # else the end of an utterance, or a barge-in
                await self._dance(chunk.data)
                # With empty hands: a chunk held here through a barge-in would be heard after it.
                await self._sync.wait_for_demand()

    async def _dance(self, pcm: PcmData) -> None:
        """Pass 20 ms of speech on, with the pictures that begin in it."""
        while self._pictures / self._fps < self._sound_s + pcm.duration:
            mono = pcm.resample(pcm.sample_rate, 1).to_float32()
            self._bars.hear(mono.samples, mono.sample_rate)
            frame = self._bars.draw()
            frame.pts, frame.time_base = self._pictures, Fraction(1, self._fps)
            self._pictures += 1
            await self._sync.write_video(frame)
        pcm = pcm.copy()
        pcm.pts = round(self._sound_s * pcm.sample_rate)
        pcm.time_base = Fraction(1, pcm.sample_rate)
        self._sound_s += pcm.duration
        await self._sync.write_audio(pcm)
