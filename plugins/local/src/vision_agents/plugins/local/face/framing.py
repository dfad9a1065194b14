"""Fitting the 16:9 picture of the figure into any size: crop the sides, extend the wall."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from vision_agents.plugins.local.face.loop import HEIGHT, WIDTH

if TYPE_CHECKING:
    from vision_agents.plugins.local.face.canvas import Bytes, Canvas

_NARROWEST: Final = 520  # loop pixels: head and hair with a little air


@dataclass(frozen=True, slots=True)
class Framing:
    """Which part of the loop's picture is drawn on, and whether at half size.

    The stage is the canvas that is drawn on before it is scaled to the size asked for. ``left`` and
    ``top`` say where the loop's picture lies on it: negative where it is cropped, positive where
    its edge is drawn out.
    """

    width: int
    height: int
    left: int
    top: int
    half_size: bool


def framing(width: int, height: int) -> Framing:
    """The stage for an output of ``width`` by ``height`` pixels."""
    aspect = width / height
    stage_width, stage_height = float(max(HEIGHT * aspect, _NARROWEST)), float(HEIGHT)
    if HEIGHT * aspect < _NARROWEST:
        stage_height = _NARROWEST / aspect
    half_size = width / stage_width <= 0.5
    scale = 0.5 if half_size else 1.0
    even_width, even_height = _even(stage_width * scale), _even(stage_height * scale)
    loop_width, loop_height = int(WIDTH * scale), int(HEIGHT * scale)
    return Framing(
        width=even_width,
        height=even_height,
        left=_even((even_width - loop_width) / 2),
        # What is too high gets more wall above the head, never a floor below the figure.
        top=even_height - loop_height,
        half_size=half_size,
    )


def _even(value: float) -> int:
    return 2 * round(value / 2)


def place(picture: tuple[Bytes, Bytes, Bytes], canvas: Canvas, at: Framing) -> None:
    """Copy the loop's planes onto the canvas, cropped or with their edges drawn out."""
    for source, target, subsampling in zip(picture, canvas.planes, (1, 2, 2), strict=True):
        left, top = at.left // subsampling, at.top // subsampling
        height, width = source.shape
        crop = source[max(-top, 0) :, max(-left, 0) : max(-left, 0) + target.shape[1]]
        x, y = max(left, 0), max(top, 0)
        target[y : y + height, x : x + width] = crop
        if left > 0:
            target[y:, :x] = crop[:, :1]
            target[y:, x + width :] = crop[:, -1:]
        if top > 0:
            target[:y] = np.broadcast_to(target[y], (y, target.shape[1]))
