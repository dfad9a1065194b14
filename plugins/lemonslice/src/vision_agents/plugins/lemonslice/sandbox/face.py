"""Another avatar's face in the stand-in: whichever is installed, found by its name."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import TYPE_CHECKING, Self

import av
import numpy as np
from aiortc.mediastreams import MediaStreamError

from vision_agents.core.media.audio_stream import AudioOutputChunk, AudioOutputStream
from vision_agents.core.media.pcm import PcmData
from vision_agents.core.plugin import Registry
from vision_agents.core.testing.puppet import Puppet, Step

if TYPE_CHECKING:
    from vision_agents.core.testing.puppet import PuppetEvent, Samples

# An avatar holds speech back until it knows the mouth's shape, and has some pictures ready: what is
# told of an utterance waits for about as long.
HOLD_STEPS = 5


class LentFace:
    """The avatar called ``name``, used as a renderer: it hears speech and is looked at.

    Raises:
        PluginError: no package has it; says what to install. From the constructor.
    """

    def __init__(self, name: str, *, width: int, height: int, fps: int) -> None:
        spec = {"name": name, "width": width, "height": height, "fps": fps}
        self._avatar = Registry().create_avatar(spec)
        self._speech = AudioOutputStream()
        self._avatar.attach_audio_input(self._speech)
        self._utterance = 0
        self._speaking = False
        self._watching: asyncio.Task[None] | None = None
        self.picture = av.VideoFrame(width, height, "yuv420p")
        """The newest one."""

    async def __aenter__(self) -> Self:
        await self._avatar.start()
        self._watching = asyncio.create_task(self._watch(), name="sandbox face")
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.wait({self._watching})
        await self._avatar.close()
        await self._avatar.events.shutdown()

    def hear(self, samples: Samples, rate_hz: int) -> None:
        """Take the next sound; silence ends an utterance."""
        if samples.any():
            if not self._speaking:
                self._utterance += 1
                self._speaking = True
            self._send(PcmData(rate_hz, "s16", samples), final=False)
        elif self._speaking:
            self._speaking = False
            self._send(None, final=True)

    def sound(self, samples: int, rate_hz: int) -> Samples:
        """The sound that belongs to the picture that is shown now."""
        pulled = self._avatar.audio_output().pull(samples, rate_hz, time.monotonic())
        return np.asarray(pulled.samples, np.int16)

    def cut(self) -> None:
        """Forget what was heard and not spoken yet."""
        self._speaking = False
        self._speech.cut()
        self._avatar.audio_output().cut()

    def _send(self, pcm: PcmData | None, *, final: bool) -> None:
        self._speech.send_nowait(AudioOutputChunk(pcm, final=final, utterance_id=self._utterance))

    async def _watch(self) -> None:
        while True:
            try:
                picture = await self._avatar.video_output().recv()
            except MediaStreamError:
                return
            assert isinstance(picture, av.VideoFrame)
            self.picture = picture


class FacePuppet(Puppet):
    """A puppet whose picture and sound come from a lent face, in step with each other."""

    def __init__(self, face: LentFace, *, rate_hz: int, fps: int, latency_s: float) -> None:
        super().__init__(lambda _: face.picture, rate_hz=rate_hz, fps=fps, latency_s=latency_s)
        self._face = face
        self._told: deque[tuple[PuppetEvent, ...]] = deque([()] * HOLD_STEPS)

    def step(self) -> Step:
        step = super().step()
        self._face.hear(step.samples, self.rate_hz)
        self._told.append(step.events)
        sound = self._face.sound(len(step.samples), self.rate_hz)
        return Step(sound, self._face.picture, self._told.popleft())

    def interrupt(self) -> bool:
        """As ever; what waits to be told is told with the next step."""
        had = super().interrupt()
        self._face.cut()
        waiting = tuple(event for events in self._told for event in events)
        self._told = deque([waiting, *[()] * (HOLD_STEPS - 1)])
        return had
