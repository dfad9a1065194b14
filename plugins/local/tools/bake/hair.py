"""Hair made of locks and strands: interpolated between a few guide curves, so that it flows."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

import skia

from plugins.local.tools.bake.brush import clipped, curve, fill, pen, tone, vertical

DARK: Final = "#2A1712"
BASE: Final = "#4C2C22"
LIGHT: Final = "#7A4A38"
GLOW: Final = "#C08A66"

# A guide runs from the parting to the tips: a start and three cubics, as flat coordinates.
Guide = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """Hair between guides, the first along the face, the last along the outline."""

    guides: tuple[Guide, ...]
    locks: int
    seed: int


# They run out of the picture at the bottom: tips would have to move like hair does.
RIGHT: Final = Sheet(
    guides=(
        (-34, -212, -8, -170, 52, -142, 92, -104, 122, -74, 132, -20, 137, 34,
         142, 110, 166, 190, 142, 376),
        (-36, -226, 26, -204, 100, -176, 126, -104, 146, -46, 146, 10, 154, 62,
         164, 136, 190, 210, 168, 376),
        (-38, -236, 54, -242, 146, -202, 162, -104, 172, -34, 166, 26, 176, 86,
         188, 156, 210, 226, 192, 376),
        (-38, -243, 74, -262, 182, -226, 186, -100, 192, -22, 184, 46, 195, 112,
         210, 186, 226, 240, 212, 376),
    ),
    locks=8,
    seed=11,
)  # fmt: skip
LEFT: Final = Sheet(
    guides=(
        (-34, -212, -56, -196, -92, -164, -112, -108, -128, -58, -131, -10, -136, 40,
         -142, 116, -164, 196, -140, 376),
        (-37, -228, -82, -220, -128, -174, -144, -100, -154, -44, -150, 12, -157, 66,
         -168, 140, -188, 214, -166, 376),
        (-40, -237, -108, -240, -158, -188, -168, -98, -176, -30, -168, 30, -179, 92,
         -192, 160, -210, 230, -190, 376),
        (-40, -243, -126, -252, -182, -200, -188, -96, -193, -18, -186, 52, -197, 118,
         -212, 190, -226, 244, -210, 376),
    ),
    locks=7,
    seed=12,
)  # fmt: skip


def _between(sheet: Sheet, where: float) -> Guide:
    """A guide at ``where``: 0 along the face, 1 along the outline."""
    position = min(max(where, 0.0), 1.0) * (len(sheet.guides) - 1)
    first = min(int(position), len(sheet.guides) - 2)
    share = position - first
    pairs = zip(sheet.guides[first], sheet.guides[first + 1], strict=True)
    return tuple(a + (b - a) * share for a, b in pairs)


def _path(guide: Guide) -> skia.Path:
    return curve((guide[0], guide[1]), *(guide[at : at + 6] for at in range(2, len(guide), 6)))


def _band(near: Guide, far: Guide) -> skia.Path:
    """The area between two guides."""
    path = _path(near)
    back = [number for at in range(len(far) - 2, -1, -2) for number in far[at : at + 2]]
    path.lineTo(back[0], back[1])
    for at in range(2, len(back), 6):
        path.cubicTo(*back[at : at + 6])
    path.close()
    return path


def silhouette(sheet: Sheet) -> skia.Path:
    """The whole sheet."""
    return _band(sheet.guides[0], sheet.guides[-1])


def paint(canvas: skia.Canvas, sheet: Sheet) -> None:
    """The sheet lock by lock, with strands and the light on them."""
    rng = random.Random(sheet.seed + 1)
    width = 1.0 / sheet.locks
    canvas.drawPath(silhouette(sheet), fill(tone(DARK, 0.30), 5))
    for number in reversed(range(sheet.locks)):
        begin, end = number * width, min((number + 1.5) * width, 1.0)
        lock = _band(_between(sheet, begin), _between(sheet, end))
        middle = rng.choice(("#543125", BASE, "#5C372A"))
        canvas.drawPath(lock, fill(vertical(-240, 370, "#63402F", middle, "#3E251C")))
        with clipped(canvas, lock):
            for _ in range(20):
                guide = _between(sheet, rng.uniform(begin, end))
                guide = tuple(number + rng.uniform(-2, 2) for number in guide)
                colour = rng.choice((DARK, DARK, LIGHT, LIGHT, "#5E372A", GLOW))
                strength = rng.uniform(0.08, 0.28) * (0.55 if colour == GLOW else 1.0)
                canvas.drawPath(_path(guide), pen(tone(colour, strength), rng.uniform(1, 4.5), 0.7))
            canvas.drawPath(_path(_between(sheet, begin)), pen(tone(DARK, 0.28), 5, 3))
    _sheen(canvas, sheet)


def _sheen(canvas: skia.Canvas, sheet: Sheet) -> None:
    """The window's light: on the crown, and softly again further down."""
    with clipped(canvas, silhouette(sheet)):
        for where, width, strength in ((0.35, 16, 0.20), (0.55, 22, 0.26), (0.75, 14, 0.20)):
            light = skia.GradientShader.MakeLinear(
                [skia.Point(0, -240), skia.Point(0, 376)],
                [tone(GLOW, strength * share) for share in (0.5, 1.0, 0.0, 0.35, 0.0)],
                [0.0, 0.12, 0.42, 0.66, 1.0],
            )
            canvas.drawPath(_path(_between(sheet, where)), pen(light, width, 8))


def paint_back(canvas: skia.Canvas) -> None:
    """What hangs behind the neck."""
    path = curve(
        (-36, -238),
        (-140, -246, -190, -160, -182, -20),
        (-184, 90, -206, 150, -176, 262),
        (-120, 290, 120, 290, 176, 262),
        (206, 150, 184, 90, 182, -20),
        (190, -160, 90, -262, -36, -238),
        closed=True,
    )
    canvas.drawPath(path, fill(vertical(-230, 270, BASE, "#2E1914", "#1B0E0A")))
    rng = random.Random(3)
    with clipped(canvas, path):
        for _ in range(70):
            x = rng.uniform(-180, 180)
            strand = curve((x * 0.8, 60), (x * 0.9, 130, x * 1.05, 190, x, 284))
            canvas.drawPath(
                strand, pen(tone(rng.choice((LIGHT, BASE, DARK)), 0.14), rng.uniform(2, 6), 1.2)
            )


def paint_crown(canvas: skia.Canvas) -> None:
    """The roots at the parting, under both sheets."""
    root = curve((-70, -228), (-60, -246, -14, -250, 6, -242), (0, -224, -34, -206, -70, -228),
                 closed=True)  # fmt: skip
    canvas.drawPath(root, fill(tone(BASE)))


def shadow(canvas: skia.Canvas) -> None:
    """What the hair throws on the face: paint it clipped to the face, before the hair."""
    for sheet, shift in ((RIGHT, -4), (LEFT, 7)):
        canvas.save()
        canvas.translate(shift, 10)
        canvas.drawPath(silhouette(sheet), fill(tone("#8A4B33", 0.40), 10))
        canvas.restore()
