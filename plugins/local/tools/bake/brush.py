"""Short names for what the figure is painted with; a thin layer over skia."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import numpy.typing as npt
import skia

Point = tuple[float, float]
Floats = npt.NDArray[np.float64]


def tone(code: str, alpha: float = 1.0) -> int:
    """``"#RRGGBB"`` with an opacity from 0 to 1."""
    red, green, blue = (int(code[at : at + 2], 16) for at in (1, 3, 5))
    return int(skia.Color(red, green, blue, round(255 * alpha)))


def vertical(top: float, bottom: float, *codes: str) -> skia.Shader:
    """A gradient from ``top`` to ``bottom`` with evenly spaced colours."""
    return linear((0, top), (0, bottom), *codes)


def linear(begin: Point, end: Point, *codes: str) -> skia.Shader:
    """A gradient between two points with evenly spaced colours."""
    points = [skia.Point(*begin), skia.Point(*end)]
    return skia.GradientShader.MakeLinear(points, [tone(code) for code in codes])


def radial(centre: Point, radius: float, *colours: int) -> skia.Shader:
    """A gradient from the centre outwards, of colours made with ``tone``."""
    return skia.GradientShader.MakeRadial(skia.Point(*centre), radius, list(colours))


def fill(what: int | skia.Shader, blur: float = 0.0) -> skia.Paint:
    """Paint for areas: a colour or a gradient, with edges softened by ``blur``."""
    paint = skia.Paint(AntiAlias=True)
    if isinstance(what, skia.Shader):
        paint.setShader(what)
    else:
        paint.setColor(what)
    if blur:
        paint.setMaskFilter(skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, blur))
    return paint


def pen(what: int | skia.Shader, width: float, blur: float = 0.0) -> skia.Paint:
    """Paint for lines with round ends."""
    paint = fill(what, blur)
    paint.setStyle(skia.Paint.kStroke_Style)
    paint.setStrokeWidth(width)
    paint.setStrokeCap(skia.Paint.kRound_Cap)
    paint.setStrokeJoin(skia.Paint.kRound_Join)
    return paint


def curve(start: Point, *cubics: Sequence[float], closed: bool = False) -> skia.Path:
    """A path of cubics, each given as ``x1, y1, x2, y2, x, y``; two numbers are a straight line."""
    path = skia.Path()
    path.moveTo(*start)
    for numbers in cubics:
        if len(numbers) == 2:
            path.lineTo(*numbers)
        else:
            path.cubicTo(*numbers)
    if closed:
        path.close()
    return path


def mirrored(path: skia.Path, side: int) -> skia.Path:
    """The path as drawn for the right side (``side`` 1) or flipped to the left (-1)."""
    if side > 0:
        return path
    flipped = skia.Path()
    path.transform(skia.Matrix.Scale(-1, 1), flipped)
    return flipped


def area(x: Floats, top: Floats, bottom: Floats) -> skia.Path:
    """What lies between two curves over the same ``x``."""
    points = [skia.Point(float(a), float(b)) for a, b in zip(x, top, strict=True)]
    points += [skia.Point(float(a), float(b)) for a, b in zip(x[::-1], bottom[::-1], strict=True)]
    return skia.Path.Polygon(points, True)


def line(x: Floats, y: Floats) -> skia.Path:
    """A line through points."""
    return skia.Path.Polygon(
        [skia.Point(float(a), float(b)) for a, b in zip(x, y, strict=True)], False
    )


def spot(canvas: skia.Canvas, centre: Point, radii: Point, colour: int, blur: float) -> None:
    """A soft ellipse: light or shade."""
    box = skia.Rect.MakeXYWH(centre[0] - radii[0], centre[1] - radii[1], 2 * radii[0], 2 * radii[1])
    canvas.drawOval(box, fill(colour, blur))


@contextmanager
def clipped(canvas: skia.Canvas, path: skia.Path) -> Iterator[None]:
    """Nothing outside ``path`` is painted."""
    canvas.save()
    canvas.clipPath(path, True)
    yield
    canvas.restore()
