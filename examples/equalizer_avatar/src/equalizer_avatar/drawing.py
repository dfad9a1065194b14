"""A spectrum as a picture. Pure: samples in, a frame out, in well under a millisecond."""

from __future__ import annotations

from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

LOWEST_HZ, HIGHEST_HZ = 80.0, 8_000.0
FALL = 0.7
"""What is left of a bar after one picture of silence: bars fall more slowly than they rise."""
BACKGROUND, BAR = 24, 180


class Equalizer:
    """Draws the bars of one stream of sound; remembers how high they stand."""

    def __init__(self, width: int, height: int, bars: int) -> None:
        self._size = width, height
        self._edges_hz = np.geomspace(LOWEST_HZ, HIGHEST_HZ, bars + 1)
        self._levels = np.zeros(bars)
        self._chroma = np.full((height // 2, width), 128, np.uint8)
        self._chroma[: height // 4] = 160  # the U plane: a touch of blue

    @property
    def levels(self) -> NDArray[np.float64]:
        """Height of each bar, 0 to 1."""
        return self._levels.copy()

    def hear(self, samples: NDArray[Any], rate_hz: int) -> None:
        """Take mono float samples in [-1, 1]; at least a few milliseconds of them."""
        power = np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) / max(1, len(samples))
        hz = np.fft.rfftfreq(len(samples), 1 / rate_hz)
        bands = np.searchsorted(self._edges_hz, hz) - 1
        inside = (bands >= 0) & (bands < len(self._levels))
        loudest = np.zeros(len(self._levels))
        np.maximum.at(loudest, bands[inside], power[inside])
        heights = np.clip(1 + np.log10(loudest + 1e-9) / 3, 0, 1)  # 60 dB from floor to ceiling
        self._levels = np.maximum(heights, self._levels * FALL)

    def draw(self) -> av.VideoFrame:
        """The bars as they stand, in yuv420p."""
        width, height = self._size
        luma = np.full((height, width), BACKGROUND, np.uint8)
        step = width / len(self._levels)
        for index, level in enumerate(self._levels):
            top = round(height * (1 - 0.9 * level))
            left = round((index + 0.15) * step)
            luma[top:, left : round((index + 0.85) * step)] = BAR
        return av.VideoFrame.from_ndarray(np.vstack([luma, self._chroma]), format="yuv420p")
