"""The figure before its wall: what is drawn for one frame of the loop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import skia

from plugins.local.tools.bake import face, hair
from plugins.local.tools.bake.brush import (
    clipped,
    curve,
    fill,
    linear,
    mirrored,
    pen,
    radial,
    spot,
    tone,
)

WIDTH: Final = 1280
HEIGHT: Final = 720
CENTRE: Final = (640.0, 318.0)
SCALE: Final = 1.12
_COLLAR: Final = ("#549BAA", "#3F8496", "#2F6B7C")
PIVOT: Final = (0.0, 200.0)  # the head turns about the neck


@dataclass(frozen=True, slots=True, kw_only=True)
class Pose:
    """Where the head is in one frame."""

    turn_degrees: float = 0.0
    shift_x: float = 0.0
    shift_y: float = 0.0
    breath: float = 0.0
    """0 out, 1 in."""


def head_matrix(pose: Pose, share: float = 1.0) -> skia.Matrix:
    """Head coordinates to pixels; ``share`` of the movement, for what hangs on the head."""
    matrix = skia.Matrix()
    matrix.preTranslate(*CENTRE)
    matrix.preScale(SCALE, SCALE)
    matrix.preTranslate(pose.shift_x * share, pose.shift_y * share)
    matrix.preRotate(pose.turn_degrees * share, *PIVOT)
    return matrix


def paint(canvas: skia.Canvas, wall: skia.Image, pose: Pose, look: face.Look) -> None:
    """One frame, without the mouth."""
    canvas.drawImage(wall, 0, 0)
    layers: tuple[tuple[Callable[[], None], float], ...] = (
        (lambda: _halo(canvas), 0.6),
        (lambda: hair.paint_back(canvas), 0.6),
        (lambda: _body(canvas, pose.breath), 0.0),
        (lambda: face.paint(canvas, look), 1.0),
        (lambda: _front_hair(canvas), 0.92),
    )
    for painter, share in layers:
        canvas.save()
        canvas.concat(head_matrix(pose, share))
        painter()
        canvas.restore()


def _front_hair(canvas: skia.Canvas) -> None:
    hair.paint_crown(canvas)
    hair.paint(canvas, hair.LEFT)
    hair.paint(canvas, hair.RIGHT)


def _halo(canvas: skia.Canvas) -> None:
    """Light from the wall behind, which parts the dark hair from it."""
    centre, radius = (-20.0, -30.0), 290.0
    light = radial(centre, radius, *(tone("#FFFFFF", share) for share in (0.34, 0.16, 0.0)))
    canvas.drawCircle(*centre, radius, fill(light))


def _body(canvas: skia.Canvas, breath: float) -> None:
    lift = -3.0 * breath
    _collar_behind(canvas, lift)
    skin = curve(
        (-58, 90),
        (-55, 150, -54, 172, -60, 196 + lift),
        (-76, 226 + lift, -120, 240 + lift, -160, 252 + lift),
        (-160, 330),
        (160, 330),
        (160, 252 + lift),
        (120, 240 + lift, 76, 226 + lift, 60, 196 + lift),
        (54, 172, 55, 150, 58, 90),
        closed=True,
    )
    canvas.drawPath(skin, fill(linear((-70, 0), (84, 0), "#EDBE9F", "#F1C6A9", "#D59D7E")))
    with clipped(canvas, skin):
        spot(canvas, (4, 146), (88, 64), tone("#9C5B42", 0.55), 15)  # the chin's shadow
        for side in (-1, 1):
            cord = mirrored(curve((42, 186), (32, 212, 20, 236, 8, 256)), side)
            canvas.drawPath(cord, pen(tone("#B9775A", 0.22), 7, 5))
            bone = curve((16, 262 + lift), (34, 254 + lift, 60, 250 + lift, 90, 244 + lift))
            canvas.drawPath(mirrored(bone, side), pen(tone("#B9775A", 0.24), 5, 3.5))
        spot(canvas, (0, 250 + lift), (7, 9), tone("#A5634A", 0.22), 5)
    _jumper(canvas, lift)


def _neckline(lift: float) -> tuple[tuple[float, float], tuple[float, ...], tuple[float, ...]]:
    return (
        (-74, 198 + lift),
        (-76, 248 + lift, -40, 272 + lift, 0, 272 + lift),
        (40, 272 + lift, 76, 248 + lift, 74, 198 + lift),
    )


def _collar_behind(canvas: skia.Canvas, lift: float) -> None:
    behind = curve((-74, 198 + lift), (-72, 162 + lift, 72, 162 + lift, 74, 198 + lift))
    canvas.drawPath(behind, pen(linear((-84, 0), (84, 0), *_COLLAR), 16))


def _jumper(canvas: skia.Canvas, lift: float) -> None:
    start, left, right = _neckline(lift)
    body = curve(
        (-344, 440),
        (-338, 346 + lift, -304, 304 + lift, -218, 272 + lift),
        (-164, 252 + lift, -108, 240 + lift, *start),
        left,
        right,
        (108, 240 + lift, 164, 252 + lift, 218, 272 + lift),
        (304, 304 + lift, 338, 346 + lift, 344, 440),
        closed=True,
    )
    canvas.drawPath(body, fill(linear((-300, 230), (260, 440), "#4E93A3", "#37788A", "#245768")))
    with clipped(canvas, body):
        spot(canvas, (-214, 296 + lift), (92, 30), tone("#8CC3CC", 0.30), 22)
        spot(canvas, (250, 384), (120, 90), tone("#153C4A", 0.38), 34)
        for side in (-1, 1):
            fold = mirrored(curve((236, 304), (240, 354, 226, 402, 222, 440)), side)
            canvas.drawPath(fold, pen(tone("#173F4D", 0.34), 10, 8))
            drape = mirrored(curve((120, 266), (104, 322, 92, 380, 96, 440)), side)
            canvas.drawPath(drape, pen(tone("#173F4D", 0.20), 16, 12))
            # The hair's shadow on the shoulder.
            beside = curve((side * 158, 230), (side * 176, 290, side * 168, 330, side * 160, 440))
            canvas.drawPath(beside, pen(tone("#123440", 0.50), 64, 14))
        spot(canvas, (-60, 364), (80, 60), tone("#6FB0BC", 0.22), 30)
    collar = curve(start, left, right)
    canvas.save()
    canvas.translate(0, 4)
    canvas.drawPath(collar, pen(tone("#10303B", 0.42), 19, 5))
    canvas.restore()
    canvas.drawPath(collar, pen(linear((-84, 0), (84, 0), *_COLLAR), 16))
    canvas.drawPath(collar, pen(tone("#1C4A59", 0.35), 1.3, 0.7))


def wall() -> skia.Image:
    """A bright room, far out of focus."""
    surface = skia.Surface(WIDTH, HEIGHT)
    canvas = surface.getCanvas()
    everywhere = skia.Rect(0, 0, WIDTH, HEIGHT)
    canvas.drawRect(
        everywhere, fill(linear((0, 0), (WIDTH, HEIGHT), "#EFEAE3", "#D8DCDB", "#B4C0C4"))
    )
    _window(canvas)
    _shelf(canvas)
    _plant(canvas)
    glow = radial((250, 200), 760, tone("#FFF3DC", 0.62), tone("#FFF3DC", 0.18), tone("#FFF3DC", 0))
    canvas.drawRect(everywhere, fill(glow))
    corners = radial((640, 330), 860, tone("#24323A", 0), tone("#24323A", 0), tone("#24323A", 0.30))
    canvas.drawRect(everywhere, fill(corners))
    return surface.makeImageSnapshot()


def _box(canvas: skia.Canvas, x: float, y: float, w: float, h: float, code: str, alpha: float,
         blur: float = 15) -> None:  # fmt: skip
    canvas.drawRoundRect(skia.Rect.MakeXYWH(x, y, w, h), 6, 6, fill(tone(code, alpha), blur))


def _window(canvas: skia.Canvas) -> None:
    _box(canvas, 40, -40, 330, 520, "#FFFFFF", 0.75, 22)
    _box(canvas, 60, -30, 135, 480, "#FFF8E6", 0.9, 14)
    _box(canvas, 215, -30, 135, 480, "#FFF8E6", 0.9, 14)
    _box(canvas, 60, 330, 290, 120, "#DDE9DC", 0.7, 20)
    _box(canvas, -20, -40, 66, 620, "#E9E1D6", 0.85, 16)


def _shelf(canvas: skia.Canvas) -> None:
    for y in (214, 372):
        _box(canvas, 925, y, 300, 13, "#A98968", 0.75, 8)
    books = (
        (942, 128, 26, 84, "#C97B5B"), (972, 138, 20, 74, "#5E8A94"), (996, 122, 24, 90, "#E2C48A"),
        (1024, 142, 18, 70, "#7A8F78"), (1046, 132, 26, 80, "#8C5E58"),
        (1150, 300, 22, 70, "#D3B08C"), (1176, 288, 26, 82, "#6E93A0"),
        (1206, 306, 18, 64, "#B8745C"),
    )  # fmt: skip
    for x, y, w, h, code in books:
        _box(canvas, x, y, w, h, code, 0.72, 7)
    spot(canvas, (1000, 334), (34, 34), tone("#E9E4DA", 0.85), 8)
    spot(canvas, (1000, 334), (18, 20), tone("#C9D3D2", 0.7), 8)


def _plant(canvas: skia.Canvas) -> None:
    _box(canvas, 1126, 168, 56, 46, "#D9C6AE", 0.9, 7)
    leaves = (
        (1154, 168, 1090, 150, 1082, 96), (1154, 168, 1120, 110, 1124, 60),
        (1154, 168, 1160, 100, 1166, 46), (1154, 168, 1190, 116, 1206, 70),
        (1154, 168, 1212, 150, 1232, 112), (1154, 168, 1100, 170, 1060, 150),
    )  # fmt: skip
    for index, (x, y, mx, my, ex, ey) in enumerate(leaves):
        leaf = curve((x, y), (mx, my, mx, my, ex, ey), (mx + 26, my + 4, mx + 22, my + 20, x, y))
        code = ("#6F9C76", "#86B08A", "#5C8A66")[index % 3]
        canvas.drawPath(leaf, fill(tone(code, 0.8), 7))
