"""Pictures of the talking face: body from the baked loop, jaw and mouth drawn live."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from vision_agents.plugins.local.face.canvas import Canvas, planes
from vision_agents.plugins.local.face.framing import framing, place
from vision_agents.plugins.local.face.jaw import lower_jaw
from vision_agents.plugins.local.face.loop import FPS, BodyLoop
from vision_agents.plugins.local.face.mouth import draw_mouth
from vision_agents.plugins.local.face.shapes import NAMES, Vectors

if TYPE_CHECKING:
    import av

_JAW = NAMES.index("jaw")


class FaceRenderer:
    """Draws frame after frame at one size and rate; about 5 ms of CPU at 1280x720.

    Not for use from two threads at once. Each frame is new and belongs to the caller.
    """

    def __init__(self, width: int, height: int, fps: int) -> None:
        """``width`` and ``height`` are even, from 2 up; ``fps`` is at least 1."""
        self._size = width, height
        self._fps = fps
        self._framing = framing(width, height)
        self._loop = BodyLoop(half_size=self._framing.half_size)

    def render(self, number: int, mouth: Vectors) -> av.VideoFrame:
        """Frame ``number`` (they count from 0 and go forward) with the given mouth, yuv420p."""
        picture, affine = self._loop.frame(number * FPS // self._fps)
        at = self._framing
        head = replace(affine, c=affine.c + at.left, f=affine.f + at.top)
        canvas = Canvas.empty(at.width, at.height)
        place(planes(picture), canvas, at)
        lower_jaw(canvas, head, float(mouth[_JAW]))
        draw_mouth(canvas, head, mouth)
        frame = canvas.frame
        if (at.width, at.height) != self._size:
            frame = frame.reformat(*self._size)
        frame.pts = number
        frame.time_base = Fraction(1, self._fps)
        return frame
