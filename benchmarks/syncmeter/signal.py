"""The flash-and-beep signal, made and read exactly.

Each picture carries its number in black and white blocks. Speech is a quiet square wave whose
level names the utterance and of which no sample is zero; each marker is a loud burst of 40 ms
whose level names it. Levels are exact only where nobody resamples: see ``by_position`` in
``sound.py`` for the other rates.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16]

OUTPUT_RATE_HZ = 48_000
BURST_S = 0.04
BURST_BASE, BURST_STEP, BURST_LEVELS = 12_000, 8, 1_000
SPEECH_BASE, SPEECH_STEP = 400, 100
_COLUMNS, _ROWS = 8, 4
_BLACK, _WHITE, _DARK, _GREY = 16, 235, 48, 128
_PTS_HZ = 90_000


def speech_level(utterance: int) -> int:
    return SPEECH_BASE + SPEECH_STEP * utterance


def burst_level(marker: int) -> int:
    return BURST_BASE + BURST_STEP * (marker % BURST_LEVELS)


def make_speech(samples: int, utterance: int, rate_hz: int = OUTPUT_RATE_HZ) -> Samples:
    return _square(samples, 100, speech_level(utterance), rate_hz)


def add_burst(wave: Samples, at: int, marker: int, rate_hz: int = OUTPUT_RATE_HZ) -> None:
    """Overlay the marker's burst, its first sample at index ``at``."""
    burst = _square(round(rate_hz * BURST_S), 1000, burst_level(marker), rate_hz)
    room = wave[at : at + len(burst)]
    room[:] = burst[: len(room)]


def _square(samples: int, hz: int, level: int, rate_hz: int) -> Samples:
    low = (np.arange(samples) * 2 * hz // rate_hz) & 1
    return np.where(low, -level, level).astype(np.int16)


def make_picture(number: int, *, white: bool, width: int, height: int) -> av.VideoFrame:
    """A yuv420p picture without pts; ``number`` below 2**24."""
    i420 = np.full((height * 3 // 2, width), _GREY, np.uint8)
    luma = i420[:height]
    luma[:] = _WHITE if white else _DARK
    word = number << 8 | _checksum(number)
    bits = np.array([word >> (31 - bit) & 1 for bit in range(32)], bool).reshape(_ROWS, _COLUMNS)
    ys, xs = _edges(height, _ROWS), _edges(width, _COLUMNS)
    rows, columns = np.diff(ys), np.diff(xs)
    blocks = np.where(bits, _WHITE, _BLACK).astype(np.uint8)
    luma[ys[0] : ys[-1], xs[0] : xs[-1]] = blocks.repeat(rows, axis=0).repeat(columns, axis=1)
    return av.VideoFrame.from_ndarray(i420, format="yuv420p")


def set_pts(frame: av.VideoFrame, pts_s: float) -> None:
    frame.pts, frame.time_base = round(pts_s * _PTS_HZ), Fraction(1, _PTS_HZ)


def read_picture(frame: av.VideoFrame) -> int | None:
    """The picture's number; None when it is none of ours. Any size and format."""
    if frame.format.name == "yuv420p":
        plane = frame.planes[0]
        luma: NDArray[Any] = np.frombuffer(memoryview(plane), np.uint8)
        luma = luma.reshape(-1, plane.line_size)
    else:
        luma = frame.to_ndarray(format="gray8")
    rows = _centres(frame.height, _ROWS)
    columns = _centres(frame.width, _COLUMNS)
    bits = luma[np.ix_(rows, columns)] > 126
    word = int("".join("1" if bit else "0" for bit in bits.ravel()), 2)
    number = word >> 8
    return number if word & 255 == _checksum(number) else None


def _edges(size: int, cells: int) -> list[int]:
    """The borders of ``cells`` blocks over the middle half of ``size`` pixels."""
    return [round(size * (0.25 + 0.5 * cell / cells)) for cell in range(cells + 1)]


def _centres(size: int, cells: int) -> list[int]:
    return [int(size * (0.25 + 0.5 * (cell + 0.5) / cells)) for cell in range(cells)]


def _checksum(number: int) -> int:
    return (number & 255) ^ (number >> 8 & 255) ^ (number >> 16 & 255) ^ 0x5A
