"""The mouth, drawn anew for every frame straight onto the planes of the picture.

Its outline is four curves y(x): outer and inner edge of either lip. The anti-aliased coverage of
the space between two such curves is a clip of two distances, so each layer costs a few array
operations on a region that is just large enough, and moves by fractions of a pixel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from vision_agents.plugins.local.face.canvas import Canvas, Layers, colour
from vision_agents.plugins.local.face.shapes import MouthShape, Vectors, shape_of

if TYPE_CHECKING:
    from vision_agents.plugins.local.face.loop import Affine
    from vision_agents.plugins.local.visemes.features import Floats

MOUTH_LINE: Final = 104.0  # y of the closed mouth in head coordinates
_GAP_SHOWS: Final = 0.8  # head pixels between the lips from which the inside is drawn

_CHIN_SHADE: Final = colour("#BC7658")
_CORNER: Final = colour("#A9624A")
_CAVITY_TOP: Final = colour("#3A0F13")
_CAVITY_BOTTOM: Final = colour("#7A2A2D")
_TONGUE_TOP: Final = colour("#D9797A")
_TONGUE_BOTTOM: Final = colour("#B4555A")
_TEETH: Final = colour("#FBF7F2")
_TEETH_SHADE: Final = colour("#B9A9A2")
_LOWER_TEETH: Final = colour("#DDD3CC")
_SHADOW: Final = colour("#2A0A0E")
_UPPER_LIP_TOP: Final = colour("#D5817C")
_UPPER_LIP_BOTTOM: Final = colour("#B4585C")
_LOWER_LIP_EDGE: Final = colour("#CB6E6E")
_LOWER_LIP_MIDDLE: Final = colour("#E08F8A")
_GLOSS: Final = colour("#FFE3DC")
_LINE: Final = colour("#8A3F43")


@dataclass(frozen=True, slots=True)
class _Outline:
    """The four curves over ``t`` from corner (-1) to corner (1); y in head pixels, down."""

    upper_outer: Floats
    upper_inner: Floats
    lower_inner: Floats
    lower_outer: Floats


def _outline(shape: MouthShape, t: Floats) -> _Outline:
    bulge = np.clip(1.0 - t * t, 0.0, 1.0)
    distance = np.abs(t)
    arch = bulge ** (0.95 - 0.42 * shape.roundness)
    corners = shape.smile * (2.5 - 10.0 * distance**1.7)
    upper_inner = corners - shape.rise * arch
    lower_inner = corners + shape.drop * arch
    # The dip under the nose stays as wide as it is when the mouth narrows.
    dip = 0.32 * min(1.0, shape.width / 45.0) * np.exp(-((t * shape.width / 5.4) ** 2))
    bow = 1.0 + 0.22 * np.exp(-(((distance - 0.24) / 0.17) ** 2)) - dip
    return _Outline(
        upper_outer=upper_inner - shape.upper_lip * bulge**0.75 * bow,
        upper_inner=upper_inner,
        lower_inner=lower_inner,
        lower_outer=lower_inner + shape.lower_lip * bulge**0.62,
    )


class _Brush:
    """Coverage and shading over one region: rows of y, columns of x and of the outline there."""

    def __init__(self, shape: MouthShape, head: Affine) -> None:
        self.shape = shape
        margin = 8.0
        coarse = _outline(shape, np.linspace(-1.0, 1.0, 65, dtype=np.float32))
        top = MOUTH_LINE + float(coarse.upper_outer.min()) - margin / 2
        bottom = MOUTH_LINE + float(coarse.lower_outer.max()) + 1.5 * margin
        reach = shape.width + margin
        corners = [head.apply(x, y) for x in (-reach, reach) for y in (top, bottom)]
        self.left = int(min(x for x, _ in corners)) & ~1
        self.top = int(min(y for _, y in corners)) & ~1
        self.columns = (int(max(x for x, _ in corners)) - self.left + 2) & ~1
        self.rows = (int(max(y for _, y in corners)) - self.top + 2) & ~1
        # The head turns by a degree at most: x is taken on the mouth's middle row, and the slant of
        # y along a row goes into the curves, so that rows and columns stay one-dimensional.
        determinant = head.a * head.e - head.b * head.d
        self.pixels_per_unit = float(np.sqrt(determinant))
        px = np.arange(self.columns, dtype=np.float32) + (self.left + 0.5 - head.c)
        py = np.arange(self.rows, dtype=np.float32) + (self.top + 0.5 - head.f)
        middle = head.apply(0.0, (top + bottom) / 2)[1] - head.f
        self.x = (head.e * px - head.b * middle) / determinant
        self.y = ((head.a * py) / determinant - MOUTH_LINE)[:, None]
        self.slant = head.d * px / determinant
        self.t = self.x / shape.width
        self.curves = _outline(shape, np.clip(self.t, -1.0, 1.0))
        edge = (1.0 - np.abs(self.t)) * shape.width * self.pixels_per_unit + 0.5
        self.inside: Floats = np.asarray(np.clip(edge, 0.0, 1.0), np.float32)
        self.gap = float((self.curves.lower_inner - self.curves.upper_inner).max())

    def below(self, curve: Floats | float, softness: float = 1.0) -> Floats:
        """1 below the curve, 0 above, with an edge of ``softness`` pixels."""
        pixels = (self.y - (curve + self.slant)) * np.float32(self.pixels_per_unit / softness)
        return np.asarray(np.clip(pixels + np.float32(0.5), 0.0, 1.0), np.float32)

    def between(self, top: Floats | float, bottom: Floats | float, softness: float = 1.0) -> Floats:
        """Coverage of the space between two curves, within the mouth's width."""
        return self.below(top, softness) * (1.0 - self.below(bottom, softness)) * self.inside

    def depth(self, top: Floats | float, height: Floats | float) -> Floats:
        """0 at ``top``, 1 at ``height`` below it."""
        return np.asarray(np.clip((self.y - (top + self.slant)) / height, 0.0, 1.0), np.float32)

    def blob(self, x: float, y: float, width: float, height: float) -> Floats:
        """A soft spot: a Gaussian with the given radii."""
        across = np.exp(-(((self.x - x) / width) ** 2))
        down = np.exp(-(((self.y - (y + self.slant)) / height) ** 2))
        return np.asarray(down * across, np.float32)

    def ellipse(self, x: float, y: float, width: float, height: float) -> Floats:
        """Anti-aliased coverage of an ellipse."""
        radius = np.sqrt(((self.y - (y + self.slant)) / height) ** 2 + ((self.x - x) / width) ** 2)
        inside = (1.0 - radius) * (height * self.pixels_per_unit) + 0.5
        return np.asarray(np.clip(inside, 0.0, 1.0), np.float32)


def draw_mouth(canvas: Canvas, head: Affine, vector: Vectors) -> None:
    """Draw the mouth that ``vector`` describes where the head is, in place."""
    brush = _Brush(shape_of(vector), head)
    layers = Layers(brush.rows, brush.columns)
    _shade_skin(brush, layers)
    if brush.gap > _GAP_SHOWS:
        _draw_inside(brush, layers)
    _draw_lips(brush, layers)
    layers.apply(canvas, brush.left, brush.top)


def _shade_skin(brush: _Brush, layers: Layers) -> None:
    shape = brush.shape
    lowest = float(brush.curves.lower_outer.max())
    layers.over(0.4 * brush.blob(0.0, lowest + 5.0, shape.width * 0.5, 5.0), _CHIN_SHADE)
    corner_y = 2.5 * shape.smile - 10.0 * shape.smile + 1.0
    spots = brush.blob(-shape.width - 2.0, corner_y, 4.0, 4.0)
    spots += brush.blob(shape.width + 2.0, corner_y, 4.0, 4.0)
    layers.over(0.35 * spots, _CORNER)


def _draw_inside(brush: _Brush, layers: Layers) -> None:
    shape, curves, gap = brush.shape, brush.curves, brush.gap
    inside = brush.between(curves.upper_inner, curves.lower_inner)
    inside *= min(1.0, gap / (2 * _GAP_SHOWS))
    top, bottom = float(curves.upper_inner.min()), float(curves.lower_inner.max())
    layers.over(inside, _CAVITY_TOP, _CAVITY_BOTTOM, brush.depth(top, gap + 1.0))
    if shape.tongue > 0.02:
        tip = bottom - gap * (0.12 + 0.5 * shape.tongue)
        height = max(gap, 16.0) * 0.62
        tongue = brush.ellipse(0.0, tip + height, shape.width * 0.62, height)
        layers.over(inside * tongue, _TONGUE_TOP, _TONGUE_BOTTOM, brush.depth(tip, max(gap, 1.0)))
    if shape.lower_teeth > 0.02:
        height = min(8.0 * shape.lower_teeth, gap * 0.42)
        arch = np.clip(1.0 - (brush.t / 0.82) ** 2, 0.0, 1.0) ** 0.4
        teeth = brush.below(curves.lower_inner - height * arch)
        layers.over(inside * teeth * (arch > 0), _LOWER_TEETH)
    if shape.upper_teeth > 0.02:
        _draw_upper_teeth(brush, layers, inside)
    if shape.tongue_tip > 0.05:
        tip = float(curves.upper_inner.min()) + gap * 0.42
        ellipse = brush.ellipse(0.0, tip + 7.0, 17.0 * shape.tongue_tip, 7.0)
        layers.over(inside * ellipse, _TONGUE_TOP, _TONGUE_BOTTOM, brush.depth(tip, 14.0))
    # The upper lip's shadow.
    shadow = np.exp(-np.maximum(brush.y - (curves.upper_inner + brush.slant), 0.0) / 3.0)
    layers.over(0.5 * inside * shadow, _SHADOW)


def _draw_upper_teeth(brush: _Brush, layers: Layers, inside: Floats) -> None:
    shape, curves, gap = brush.shape, brush.curves, brush.gap
    height = 13.0 if shape.bite > 0.5 else min(13.0 * shape.upper_teeth, gap * 0.72)
    arch = np.clip(1.0 - (brush.t / 0.9) ** 2, 0.0, 1.0)
    teeth = inside * (1.0 - brush.below(curves.upper_inner + height * arch**0.35)) * (arch > 0)
    # They curve away from the light, and thin dark lines part them.
    away = 0.75 * (1.0 - arch**0.6)
    number = brush.x / 11.5
    parting = (
        0.35
        * min(1.0, brush.pixels_per_unit)
        * np.exp(-(((number - np.round(number)) * 11.5 / 0.7) ** 2))
    )
    layers.over(teeth, _TEETH, _TEETH_SHADE, np.broadcast_to(
        np.clip(away + parting, 0.0, 1.0), teeth.shape))  # fmt: skip


def _draw_lips(brush: _Brush, layers: Layers) -> None:
    shape, curves, gap = brush.shape, brush.curves, brush.gap
    upper = brush.between(curves.upper_outer, curves.upper_inner + 0.6, 1.4)
    top = float(curves.upper_outer.min())
    height = float(curves.upper_inner.max()) - top + 1.0
    layers.over(upper, _UPPER_LIP_TOP, _UPPER_LIP_BOTTOM, brush.depth(top, height))
    lower = brush.between(curves.lower_inner - 0.6, curves.lower_outer, 1.4)
    thickness = np.maximum(curves.lower_outer - curves.lower_inner, 1e-3)
    middle = 1.0 - np.abs(brush.depth(curves.lower_inner, thickness) - 0.42) / 0.58
    layers.over(lower, _LOWER_LIP_EDGE, _LOWER_LIP_MIDDLE, middle)
    centre = len(brush.t) // 2
    gloss_y = float(curves.lower_inner[centre] + 0.4 * thickness[centre])
    layers.over(0.5 * lower * brush.blob(-4.0, gloss_y, shape.width * 0.34, 2.4), _GLOSS)
    if gap <= 3.5:
        line = (curves.upper_inner + curves.lower_inner) / 2
        distance = brush.y - (line + brush.slant)
        strength = 0.85 * (1.0 - gap / 3.6) * brush.inside
        layers.over(strength * np.exp(-((distance / 1.05) ** 2)), _LINE)
