"""The head without its mouth: skin, eyes, brows, nose. Light comes from the upper left."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

import numpy as np
import skia

from plugins.local.tools.bake import hair
from plugins.local.tools.bake.brush import (
    area,
    clipped,
    curve,
    fill,
    line,
    linear,
    mirrored,
    pen,
    radial,
    spot,
    tone,
    vertical,
)

SKIN: Final = "#F2C6A8"
SKIN_LIGHT: Final = "#FCE2CD"
SKIN_SHADE: Final = "#C98A6B"
SKIN_DEEP: Final = "#A5634A"
BLUSH: Final = "#E98A78"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What the eyes and brows do in one frame."""

    blink: float = 0.0
    """0 open, 1 shut."""
    gaze_x: float = 0.0
    gaze_y: float = 0.0
    brows: float = 0.0
    """Raised from -1 to 1."""


def outline() -> skia.Path:
    """The face from the forehead to the chin."""
    return curve(
        (0, -214),
        (-90, -214, -132, -130, -132, -36),
        (-132, 18, -126, 62, -107, 100),
        (-88, 138, -46, 180, 0, 180),
        (46, 180, 88, 138, 107, 100),
        (126, 62, 132, 18, 132, -36),
        (132, -130, 90, -214, 0, -214),
        closed=True,
    )


def paint(canvas: skia.Canvas, look: Look) -> None:
    """Everything between the hair behind and the hair in front."""
    _skin(canvas)
    _nose(canvas)
    for side in (-1, 1):
        _eye(canvas, side, look)
        _brow(canvas, side, look)


def _skin(canvas: skia.Canvas) -> None:
    face = outline()
    canvas.drawPath(face, fill(vertical(-190, 182, "#F0C3A4", "#F6D0B5", "#F3C8AB", "#E7B293")))
    with clipped(canvas, face):
        canvas.drawPath(face, pen(tone("#B9765A", 0.42), 30, 17))  # it turns away from us
        spot(canvas, (112, 70), (52, 130), tone("#B9765A", 0.26), 26)  # the side without light
        spot(canvas, (-48, 2), (58, 62), tone(SKIN_LIGHT, 0.55), 27)
        spot(canvas, (8, -112), (62, 36), tone(SKIN_LIGHT, 0.42), 24)
        for side in (-1, 1):
            spot(canvas, (side * 76, 46), (36, 22), tone(BLUSH, 0.36), 17)
            spot(canvas, (side * 72, 28), (26, 12), tone(SKIN_LIGHT, 0.40 - 0.1 * side), 11)
        spot(canvas, (0, 152), (26, 12), tone(SKIN_LIGHT, 0.42), 9)
        spot(canvas, (0, 184), (60, 14), tone("#B9765A", 0.30), 11)
        # The groove above the lips.
        spot(canvas, (-1, 77), (4, 10), tone(SKIN_SHADE, 0.20), 3)
        spot(canvas, (8, 78), (2.5, 9), tone(SKIN_LIGHT, 0.34), 2.4)
        hair.shadow(canvas)


def _nose(canvas: skia.Canvas) -> None:
    # The side away from the window, from the brow down.
    side = curve((15, -46), (9, -22, 10, 4, 14, 26), (20, 36, 22, 48, 17, 54), (7, 56), closed=True)
    canvas.drawPath(side, fill(tone("#BE7C5F", 0.28), 6))
    canvas.drawPath(
        curve((-16, -44), (-11, -24, -10, -6, -11, 12)), pen(tone("#BE7C5F", 0.12), 7, 5)
    )
    spot(canvas, (-2, 0), (4, 34), tone(SKIN_LIGHT, 0.55), 4.5)
    spot(canvas, (0, 42), (14, 11), tone("#F0AE92", 0.40), 7)
    spot(canvas, (-3, 37), (6.5, 5), tone("#FFF6EC", 0.75), 3.6)
    for which in (-1, 1):
        wing = mirrored(curve((18.5, 38), (22.5, 43, 22.5, 50, 17, 53)), which)
        canvas.drawPath(wing, pen(tone("#A9634A", 0.30 if which < 0 else 0.44), 2.2, 1.6))
        nostril = curve(
            (5.5, 54), (8, 50.5, 12.5, 50, 14.5, 52.5), (12, 55.5, 8, 56, 5.5, 54), closed=True
        )
        canvas.drawPath(mirrored(nostril, which), fill(tone("#7A3F2C", 0.62), 1.0))
    canvas.drawPath(
        curve((-7, 56), (-3, 58.5, 3, 58.5, 7, 56)), pen(tone("#A9634A", 0.42), 1.8, 1.3)
    )
    spot(canvas, (2, 62), (15, 4), tone("#B06C50", 0.22), 4)


def _eye(canvas: skia.Canvas, side: int, look: Look) -> None:
    x0, y0, half = side * 59.0, -14.0, 35.0
    opened = 1.0 - look.blink
    t = np.linspace(-1.0, 1.0, 41)  # from the nose outwards
    x = x0 + side * t * half
    tilt = -3.4 * (t + 1) / 2 + 1.6
    dip = 8.0 * look.blink  # a shut lid lies lower than an open one
    lower = y0 + 11.6 * (0.35 + 0.65 * opened) * np.clip(1 - np.abs(t - 0.1) ** 2.3, 0, 1) ** 0.9
    lower += tilt
    upper = y0 - 22.0 * opened * np.clip(1 - np.abs(t + 0.05) ** 2.2, 0, 1) ** 0.82
    upper = np.minimum(upper + tilt + dip * (1 - t * t), lower)
    ball = area(x, upper, lower)
    spot(canvas, (x0 - side * 4, y0 - 12), (42, 24), tone(SKIN_DEEP, 0.20), 10)
    spot(canvas, (x0 + side * 6, y0 + 22), (30, 7), tone(SKIN_DEEP, 0.13), 5)
    canvas.drawPath(ball, fill(vertical(y0 - 20, y0 + 14, "#D9CFCD", "#FBF8F6", "#EFE6E2")))
    with clipped(canvas, ball):
        spot(canvas, (x0 - side * half, y0 + 3), (6, 5), tone("#E29A8C", 0.85), 2.5)
        _iris(canvas, x0 + look.gaze_x * 8 - side, y0 - 2.4 + look.gaze_y * 5)
        canvas.drawPath(area(x, upper - 4, upper + 8), fill(tone("#3A221A", 0.46), 3.5))
    _lids(canvas, side, look, x, upper, lower)


def _iris(canvas: skia.Canvas, x: float, y: float) -> None:
    canvas.drawCircle(x, y, 17.0, fill(tone("#2E1B13", 0.95), 0.7))
    rim, middle, heart = tone("#4B2B19"), tone("#8D5A33"), tone("#BE8A55")
    canvas.drawCircle(x, y, 15.8, fill(radial((x, y + 5), 18, heart, middle, rim)))
    rng = random.Random(5)
    for _ in range(46):
        angle = rng.uniform(0, 2 * np.pi)
        near, far = rng.uniform(6.5, 9), rng.uniform(11, 15)
        canvas.drawLine(
            x + near * np.cos(angle), y + near * np.sin(angle),
            x + far * np.cos(angle), y + far * np.sin(angle),
            pen(tone(rng.choice(("#E2B27C", "#4B2B19")), 0.28), 0.8, 0.3),
        )  # fmt: skip
    canvas.drawCircle(x, y, 7.2, fill(tone("#120A07")))
    spot(canvas, (x + 1, y + 9.5), (8, 4), tone("#F0CB9C", 0.40), 2.6)
    canvas.drawRoundRect(
        skia.Rect.MakeXYWH(x - 9.5, y - 11, 7.5, 9), 3, 3, fill(tone("#FFFFFF", 0.94), 0.4)
    )
    canvas.drawCircle(x + 6.5, y + 6.0, 1.9, fill(tone("#FFFFFF", 0.5), 0.4))


def _lids(
    canvas: skia.Canvas,
    side: int,
    look: Look,
    x: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    upper: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    lower: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
) -> None:
    t = np.linspace(-1.0, 1.0, len(x))
    lash = np.interp(t, (-1, -0.6, 0.3, 0.85, 1), (0.8, 2.0, 3.7, 4.4, 2.4))
    canvas.drawPath(area(x, upper - lash, upper + 1.0), fill(tone("#24120D"), 0.35))
    # One soft wing instead of single lashes: single ones flicker in a compressed picture.
    tip_x, tip_y = float(x[-1]), float(upper[-1])
    wing = curve(
        (tip_x - side * 7, tip_y - 4.4),
        (tip_x - side * 1, tip_y - 4.3, tip_x + side * 2, tip_y - 4 * (1 - look.blink),
         tip_x + side * 5, tip_y - 5.4 + 6 * look.blink),
        (tip_x + side * 3, tip_y - 1 + 2 * look.blink, tip_x + side * 1, tip_y + 1,
         tip_x - side * 4, tip_y + 1.2),
        closed=True,
    )  # fmt: skip
    canvas.drawPath(wing, fill(tone("#24120D", 0.95), 0.5))
    canvas.drawPath(area(x[6:], lower[6:] - 0.2, lower[6:] + 1.4), fill(tone("#7E4A3A", 0.5), 0.5))
    wet = area(x[3:-3], lower[3:-3] - 1.6, lower[3:-3] - 0.2)
    canvas.drawPath(wet, fill(tone("#F3C3B4", 0.6 * (1 - look.blink)), 0.5))
    crease = upper - 8.0 * (0.55 + 0.45 * (1 - look.blink)) - 1.2
    canvas.drawPath(line(x[4:37], crease[4:37]), pen(tone("#96553F", 0.62), 1.9, 0.7))
    lid = area(x[4:37], crease[4:37] + 1, upper[4:37] - 1)
    canvas.drawPath(lid, fill(tone("#C98467", 0.28), 1.5))


def _brow(canvas: skia.Canvas, side: int, look: Look) -> None:
    rise = -9.0 * look.brows
    t = np.linspace(0.0, 1.0, 41)  # from the nose outwards
    x = 23 + 79 * t
    middle = -66 + rise - 11 * np.sin(np.pi * np.clip(t * 0.86 + 0.08, 0, 1)) + 8 * t**3
    thick = (
        4.6 * np.clip(t / 0.08, 0, 1) ** 0.5 * (1 - 0.86 * np.clip((t - 0.45) / 0.55, 0, 1) ** 1.4)
    )
    shape = mirrored(area(x, middle - thick, middle + thick * 0.85), side)
    colours = linear((side * 23, 0), (side * 102, 0), "#7A5040", "#563628", "#5E3D2F")
    canvas.drawPath(shape, fill(colours, 1.3))
    rng = random.Random(6)
    with clipped(canvas, shape):
        for _ in range(60):
            at = rng.random()
            px = 23 + 79 * at
            py = float(np.interp(at, t, middle)) + rng.uniform(-1, 1) * float(
                np.interp(at, t, thick)
            )
            length, slope = rng.uniform(6, 11), 0.5 - 0.9 * at
            stroke = pen(
                tone(rng.choice((hair.DARK, hair.LIGHT)), rng.uniform(0.15, 0.4)), 1.1, 0.4
            )
            canvas.drawLine(side * px, py, side * (px + length), py - length * slope, stroke)
