"""The code in a picture: blocks that say its number, and which marker sounded how long ago."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vision_agents.core.media.frames import planes

if TYPE_CHECKING:
    import av
    from numpy.typing import NDArray

_COLUMNS, _ROWS = 8, 5
_FIELDS = (("number", 15), ("age", 4), ("marker", 8), ("part", 5))
OLD = 15
"""An age of this many pictures or more: no marker lately."""
NO_MARKER = 255
BLACK, WHITE = 16, 235


@dataclass(frozen=True, slots=True)
class Code:
    """``marker`` began ``age`` pictures ago, after ``part``/32 of that picture's time."""

    number: int
    age: int = OLD
    marker: int = NO_MARKER
    part: int = 0

    def word(self) -> int:
        word = 0
        for name, bits in _FIELDS:
            word = word << bits | getattr(self, name) & (1 << bits) - 1
        return word << 8 | _checksum(word)

    @staticmethod
    def of(word: int) -> Code | None:
        word, check = word >> 8, word & 255
        if _checksum(word) != check:
            return None
        values = {}
        for name, bits in reversed(_FIELDS):
            values[name] = word & (1 << bits) - 1
            word >>= bits
        return Code(**values)


def _checksum(word: int) -> int:
    check = 0x5A
    for shift in (0, 8, 16, 24):
        check = (check * 31 + (word >> shift & 255)) & 255
    return check


def _edges(size: int, cells: int) -> list[int]:
    """The borders of ``cells`` blocks over the middle half of ``size`` pixels."""
    return [round(size * (0.25 + 0.5 * i / cells)) for i in range(cells + 1)]


class Blocks:
    """Draws codes into pictures of one size."""

    def __init__(self, width: int, height: int) -> None:
        self._x, self._y = _edges(width, _COLUMNS), _edges(height, _ROWS)

    def draw(self, code: Code, luma: NDArray[np.uint8]) -> None:
        word = code.word()
        for bit in range(_COLUMNS * _ROWS):
            row, column = divmod(bit, _COLUMNS)
            white = word >> (_COLUMNS * _ROWS - 1 - bit) & 1
            luma[self._y[row] : self._y[row + 1], self._x[column] : self._x[column + 1]] = (
                WHITE if white else BLACK
            )


def picture_number(frame: av.VideoFrame, source_size: tuple[int, int] | None = None) -> int | None:
    """The number, modulo 32768, of a picture drawn by ``FlashRenderer``; None if unreadable."""
    code = read_code(frame, source_size or (frame.width, frame.height))
    return None if code is None else code.number


def read_code(frame: av.VideoFrame, source_size: tuple[int, int]) -> Code | None:
    """What a picture says that was drawn in ``source_size`` and may be scaled and letterboxed."""
    if frame.format.name in ("yuv420p", "yuvj420p", "nv12"):
        luma: NDArray[Any] = planes(frame)[0] if len(frame.planes) == 3 else _first_plane(frame)
    else:
        luma = frame.to_ndarray(format="gray8")
    scale = min(frame.width / source_size[0], frame.height / source_size[1])
    inner = source_size[0] * scale, source_size[1] * scale
    left, top = (frame.width - inner[0]) / 2, (frame.height - inner[1]) / 2
    columns = left + inner[0] * (0.25 + 0.5 * (np.arange(_COLUMNS) + 0.5) / _COLUMNS)
    rows = top + inner[1] * (0.25 + 0.5 * (np.arange(_ROWS) + 0.5) / _ROWS)
    bits = luma[np.ix_(rows.astype(int), columns.astype(int))] > 125
    return Code.of(int("".join("1" if bit else "0" for bit in bits.ravel()), 2))


def _first_plane(frame: av.VideoFrame) -> NDArray[np.uint8]:
    plane = frame.planes[0]
    return np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
