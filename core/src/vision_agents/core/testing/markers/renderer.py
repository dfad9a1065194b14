"""A face that understands only markers: it flashes where one begins, and says which it was."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from vision_agents.core.media.frames import TIME_BASE, blank_frame, planes
from vision_agents.core.media.pcm import PcmData
from vision_agents.core.testing.markers.bursts import LEAST_PEAK, name_of
from vision_agents.core.testing.markers.code import NO_MARKER, OLD, WHITE, Blocks, Code
from vision_agents.core.testing.markers.tones import BURST_S

if TYPE_CHECKING:
    import av
    from numpy.typing import NDArray

_GREY = 60


class FlashRenderer:
    """Draws the picture that belongs to a piece of sound: a white border where a marker begins in
    it, and blocks that carry the numbers. One instance per stream of sound."""

    def __init__(self, width: int, height: int, fps: float | Fraction = 30) -> None:
        self._size = width, height
        self._fps = Fraction(fps)
        self._blocks = Blocks(width, height)
        self._ear = MarkerEar(float(self._fps))
        self._number = 0

    def frame(self, pcm: PcmData | NDArray[np.int16], pts: int | None = None) -> av.VideoFrame:
        """The yuv420p picture for the sound of one picture period; the sound may be empty.

        ``pts`` counts 90 kHz; by default the picture's number decides.
        """
        begins = self._ear.listen(pcm.samples if isinstance(pcm, PcmData) else pcm)
        ear = self._ear
        frame = blank_frame(*self._size)
        luma = planes(frame)[0]
        luma[:] = WHITE if begins else _GREY
        self._blocks.draw(Code(self._number & 0x7FFF, ear.age, ear.marker, ear.part), luma)
        frame.pts = round(self._number / self._fps * 90_000) if pts is None else pts
        frame.time_base = TIME_BASE
        self._number += 1
        return frame


class MarkerEar:
    """Follows sound, one picture period after the other: which marker began how long ago.

    ``marker`` began ``age`` periods ago, after ``part``/32 of that period; its name is known when
    the burst is over.
    """

    def __init__(self, fps: float) -> None:
        self.age, self.marker, self.part = OLD, NO_MARKER, 0
        self._fps = fps
        self._tail: NDArray[np.int16] = np.zeros(0, np.int16)
        self._loud = False
        self._unnamed = 0  # periods since a marker began whose name is not known yet

    def listen(self, samples: NDArray[np.int16]) -> bool:
        """Whether a marker begins in ``samples``, which last one period."""
        rate_hz = len(samples) * self._fps
        self.age = min(self.age + 1, OLD)
        loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > LEAST_PEAK)
        quiet_before = not self._loud
        self._loud = bool(len(loud)) and len(samples) - int(loud[-1]) < 0.003 * rate_hz
        begins = bool(len(loud)) and quiet_before and self._unnamed == 0
        if begins:
            self.age, self.marker = 0, NO_MARKER
            self.part = min(31, int(loud[0]) * 32 // len(samples))
            self._unnamed = 1
            self._tail = samples[int(loud[0]) :]
        elif self._unnamed:
            self._tail = np.concatenate((self._tail, samples))
            self._unnamed += 1
        if self._unnamed and len(self._tail) >= BURST_S * rate_hz > 0:
            name = name_of(self._tail[: round(BURST_S * rate_hz)], rate_hz)
            self.marker = NO_MARKER if name is None else name
            self._unnamed = 0
        elif self._unnamed > 6:  # the sound stopped inside the burst
            self._unnamed = 0
        return begins
