"""A face and a voice that a machine can judge: a mouth that opens as far as the voice is loud.

Every second there is a *marker*: the whole picture turns white and a beep starts, both at the same
media time. Between markers the mouth, a grey box on black, follows the loudness of a hum. The same
functions feed the sync engine and the *control pair*, two bare aiortc tracks on one clock, so that
what a browser shows of the one can be held against the other.
"""

from __future__ import annotations

import asyncio
import time
from fractions import Fraction

import numpy as np
from aiortc import AudioStreamTrack, VideoStreamTrack
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from vision_agents.core.media.frames import FrameStamper

RATE_HZ = 48_000
FPS = 30
PACKET = 960
MARKER_EVERY_S = 1.0
BEEP_S = 0.06
BEEP_HZ = 1000.0
HUM_HZ = 190.0
BLACK, WHITE = 16, 235
SHUT, OPEN, FLASH = 0, 180, -1
"""How bright the mouth is over black, shut and wide open; or the whole picture is white."""


def sound(first_sample: int, count: int, *, speaking: bool = True) -> NDArray[np.int16]:
    """Samples of the voice from a media time on; silent unless it speaks."""
    if not speaking:
        return np.zeros(count, np.int16)
    time_s = (np.arange(count) + first_sample) / RATE_HZ
    hum = 3000 * loudness(time_s) * np.sin(2 * np.pi * HUM_HZ * time_s)
    beep = 14000 * np.sin(2 * np.pi * BEEP_HZ * time_s) * (time_s % MARKER_EVERY_S < BEEP_S)
    samples: NDArray[np.int16] = (hum + beep).astype(np.int16)
    return samples


def loudness(time_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far the mouth is open, 0.15 to 1, at about the pace of syllables, never the same."""
    wave = np.sin(2 * np.pi * 1.7 * time_s) + np.sin(2 * np.pi * 2.9 * time_s + 1)
    return np.clip(wave / 2 + 0.4, 0.15, 1)


class Painter:
    """Draws the face at a frame's media time; each distinct picture once, since others measure."""

    def __init__(self, width: int, height: int) -> None:
        self._width, self._height = width, height
        self._drawn: dict[int, VideoFrame] = {}
        self._stamper = FrameStamper(width, height)

    def paint(self, number: int, *, speaking: bool = True) -> VideoFrame:
        """Frame ``number`` at ``FPS``, with its pts of 90 kHz."""
        time_s = number / FPS
        look = SHUT
        if speaking and time_s % MARKER_EVERY_S < 1.5 / FPS:
            look = FLASH
        elif speaking:
            look = int(OPEN * float(loudness(np.array([time_s]))[0]))
        if look not in self._drawn:
            self._drawn[look] = self._draw(look)
        return self._stamper.stamp(self._drawn[look], number * 90_000 // FPS)

    def _draw(self, look: int) -> VideoFrame:
        height, width = self._height, self._width
        luma = np.full((height, width), BLACK, np.uint8)
        if look == FLASH:
            luma[:] = WHITE
        else:
            mouth = luma[height // 2 : height * 3 // 4, width // 4 : width * 3 // 4]
            mouth[:] = BLACK + look
        chroma = np.full((height // 2, width), 128, np.uint8)
        return VideoFrame.from_ndarray(np.vstack([luma, chroma]), format="yuv420p")


class _Grid:
    """The moments at which a track's steps are due; two tracks with one start share a clock."""

    def __init__(self, start_s: float, step_s: float) -> None:
        self._start_s = start_s
        self._step_s = step_s
        self._number = -1

    async def next(self) -> int:
        """Number of the next due step; what nobody asked for in time is skipped."""
        passed = int((time.monotonic() - self._start_s) / self._step_s)
        self._number = max(self._number + 1, passed)
        due_s = self._start_s + self._number * self._step_s
        await asyncio.sleep(due_s - time.monotonic())
        return self._number


class ControlVideo(VideoStreamTrack):
    """The picture of the control pair, by a clock that it shares with the sound."""

    def __init__(self, start_s: float, *, width: int, height: int) -> None:
        super().__init__()
        self._grid = _Grid(start_s, 1 / FPS)
        self._painter = Painter(width, height)

    async def recv(self) -> VideoFrame:
        return self._painter.paint(await self._grid.next())


class ControlAudio(AudioStreamTrack):
    """The sound of the control pair."""

    def __init__(self, start_s: float) -> None:
        super().__init__()
        self._grid = _Grid(start_s, PACKET / RATE_HZ)

    async def recv(self) -> AudioFrame:
        number = await self._grid.next()
        samples = sound(number * PACKET, PACKET)[None]
        frame = AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate = RATE_HZ
        frame.pts, frame.time_base = number * PACKET, Fraction(1, RATE_HZ)
        return frame
