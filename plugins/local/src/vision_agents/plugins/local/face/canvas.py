"""A yuv420p picture as numpy planes, and the colours to paint on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import av
import numpy as np
import numpy.typing as npt
from av.video.reformatter import ColorRange, Colorspace

if TYPE_CHECKING:
    from vision_agents.plugins.local.visemes.features import Floats

Bytes = npt.NDArray[np.uint8]

# BT.601, limited range: what VP8 is defined in and what the loops are baked in.
_FROM_RGB: Final = np.array(
    [[0.257, 0.504, 0.098], [-0.148, -0.291, 0.439], [0.439, -0.368, -0.071]], np.float32
)
_BLACK: Final = np.array([16.0, 128.0, 128.0], np.float32)


def colour(code: str) -> Floats:
    """``"#RRGGBB"`` as Y, U, V."""
    rgb = np.array([int(code[at : at + 2], 16) for at in (1, 3, 5)], np.float32)
    return np.asarray(_FROM_RGB @ rgb + _BLACK, np.float32)


@dataclass(frozen=True, slots=True)
class Canvas:
    """A frame that we own, and writable views of its planes (luma, and chroma at half size)."""

    frame: av.VideoFrame
    y: Bytes
    u: Bytes
    v: Bytes

    @classmethod
    def empty(cls, width: int, height: int) -> Canvas:
        """A new frame with undefined content; sides are even."""
        frame = av.VideoFrame(width, height, "yuv420p")
        frame.colorspace = Colorspace.ITU601
        frame.color_range = ColorRange.MPEG
        return cls(frame, *planes(frame))

    @property
    def planes(self) -> tuple[Bytes, Bytes, Bytes]:
        """Luma and both chroma planes."""
        return self.y, self.u, self.v


def planes(frame: av.VideoFrame) -> tuple[Bytes, Bytes, Bytes]:
    """Views of a yuv420p frame's planes, without the padding at the end of each line."""
    luma, *chroma = (
        np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[:height, :width]
        for plane, width, height in zip(
            frame.planes,
            (frame.width, frame.width // 2, frame.width // 2),
            (frame.height, frame.height // 2, frame.height // 2),
            strict=True,
        )
    )
    return luma, chroma[0], chroma[1]


class Layers:
    """Paint for a small region, laid one over the other and then put on a canvas in one go."""

    def __init__(self, height: int, width: int) -> None:
        self._alpha = np.zeros((height, width), np.float32)
        self._paint = np.zeros((3, height, width), np.float32)  # premultiplied

    def over(self, coverage: Floats, first: Floats, second: Floats | None = None,
             mix: Floats | None = None) -> None:  # fmt: skip
        """Lay a colour over what is there; with ``mix`` (0 to 1) it runs from first to second."""
        remaining = 1.0 - coverage
        self._alpha *= remaining
        self._alpha += coverage
        self._paint *= remaining
        for plane in range(3):
            if second is None or mix is None:
                self._paint[plane] += coverage * first[plane]
            else:
                shade = mix * (second[plane] - first[plane])
                shade += first[plane]
                shade *= coverage
                self._paint[plane] += shade

    def apply(self, canvas: Canvas, left: int, top: int) -> None:
        """Put the paint on ``canvas``; ``left`` and ``top`` are even."""
        height, width = self._alpha.shape
        target = canvas.y[top : top + height, left : left + width]
        target[...] = self._paint[0] + (1.0 - self._alpha) * target + 0.5
        through = 1.0 - _halve(self._alpha)
        for plane, paint in zip((canvas.u, canvas.v), self._paint[1:], strict=True):
            target = plane[top // 2 : (top + height) // 2, left // 2 : (left + width) // 2]
            target[...] = _halve(paint) + through * target + 0.5


def _halve(plane: Floats) -> Floats:
    """Mean of each two by two block."""
    rows = plane[0::2] + plane[1::2]
    return np.asarray((rows[:, 0::2] + rows[:, 1::2]) * 0.25, np.float32)
