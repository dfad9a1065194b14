"""The face of one session as two WebRTC tracks, made by one clock."""

from __future__ import annotations

import asyncio
import time
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vision_agents.core.testing.puppet import Puppet, Step

RATE_HZ = 48_000
FPS = 25
PACKET_SAMPLES = RATE_HZ // 50
STEP_S = 1 / FPS
VIDEO_CLOCK_HZ = 90_000


class Face:
    """Steps a puppet in real time and hands each step to both of its tracks.

    Whichever track is asked first makes the step; its sound and its picture leave at the same
    moment.
    """

    def __init__(self, puppet: Puppet) -> None:
        self.puppet = puppet
        self._moving = asyncio.Event()
        self._moving.set()
        self.audio = _Audio(self)
        self.video = _Video(self)
        self._begin_s: float | None = None
        self._steps: dict[int, Step] = {}
        self._made = 0

    def step(self, index: int) -> Step:
        """Step ``index``; kept until the slower track has had it."""
        while self._made <= index:
            self._steps[self._made] = self.puppet.step()
            self._made += 1
        for old in [n for n in self._steps if n < index - 2 * FPS]:
            del self._steps[old]
        return self._steps[index]

    async def until(self, media_s: float) -> None:
        """Wait for the moment at which media time ``media_s`` leaves."""
        if self._begin_s is None:
            self._begin_s = time.monotonic()
        await self._moving.wait()
        await asyncio.sleep(max(0.0, self._begin_s + media_s - time.monotonic()))

    def freeze(self) -> None:
        """Send nothing more, and keep the tracks."""
        self._moving.clear()

    def stop(self) -> None:
        """End both tracks."""
        self.audio.stop()
        self.video.stop()


class _Audio(MediaStreamTrack):
    kind = "audio"

    def __init__(self, face: Face) -> None:
        super().__init__()
        self._face = face
        self._packet = 0

    async def recv(self) -> av.AudioFrame:
        if self.readyState != "live":
            raise MediaStreamError
        n = self._packet
        self._packet += 1
        await self._face.until(n * PACKET_SAMPLES / RATE_HZ)
        step, half = divmod(n, 2)
        samples = self._face.step(step).samples
        return _audio_frame(samples[half * PACKET_SAMPLES :][:PACKET_SAMPLES], n * PACKET_SAMPLES)


class _Video(MediaStreamTrack):
    kind = "video"

    def __init__(self, face: Face) -> None:
        super().__init__()
        self._face = face
        self._index = 0

    async def recv(self) -> av.VideoFrame:
        if self.readyState != "live":
            raise MediaStreamError
        n = self._index
        self._index += 1
        await self._face.until(n * STEP_S)
        frame = self._face.step(n).frame
        # Another object over the same planes: the last picture is handed out again when frozen.
        copy = av.VideoFrame.from_ndarray(frame.to_ndarray(), format="yuv420p")
        copy.pts, copy.time_base = n * VIDEO_CLOCK_HZ // FPS, Fraction(1, VIDEO_CLOCK_HZ)
        return copy


def _audio_frame(samples: NDArray[np.int16], pts: int) -> av.AudioFrame:
    stereo = np.repeat(samples, 2)[None, :]
    frame = av.AudioFrame.from_ndarray(stereo, format="s16", layout="stereo")
    frame.sample_rate, frame.pts, frame.time_base = RATE_HZ, pts, Fraction(1, RATE_HZ)
    return frame
