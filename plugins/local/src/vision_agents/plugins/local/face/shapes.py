"""What a mouth is made of, and how it stands for each viseme.

Lengths are pixels of the head's own coordinates, in which the face is about 260 wide; the rest are
shares from 0 to 1. Interpolating these numbers, and not pictures, is what makes the mouth move
without ghosts.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

import numpy as np
import numpy.typing as npt

from vision_agents.plugins.local.visemes.inventory import CLOSURE, SILENCE, VISEMES

Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class MouthShape:
    """One pose of the mouth. As a vector (see ``vector``) it can be blended with others."""

    width: float
    """Half the distance between the corners."""
    rise: float = 0.0
    """How far the upper lip is raised from the mouth line, in the middle."""
    drop: float = 0.0
    """How far the lower lip is lowered, in the middle."""
    upper_lip: float
    """Thickness in the middle."""
    lower_lip: float
    smile: float = 0.0
    """How far the corners are raised."""
    upper_teeth: float = 0.0
    """How much of them shows."""
    lower_teeth: float = 0.0
    tongue: float = 0.0
    """How high it lies."""
    roundness: float = 0.0
    """0: the opening tapers into the corners; 1: it stays high up to them."""
    jaw: float = 0.0
    """How far the chin is lowered."""
    press: float = 0.0
    """Lips pressed together."""
    bite: float = 0.0
    """Upper teeth on the lower lip."""
    tongue_tip: float = 0.0
    """The tip between the teeth."""


NAMES: Final = tuple(field.name for field in fields(MouthShape))
_JAW: Final = NAMES.index("jaw")
_OPENING: Final = (NAMES.index("rise"), NAMES.index("drop"))


def vector(shape: MouthShape) -> Vectors:
    """The shape's numbers in the order of ``NAMES``."""
    return np.array([getattr(shape, name) for name in NAMES], np.float32)


def shape_of(values: Vectors) -> MouthShape:
    """The shape whose numbers ``values`` are."""
    return MouthShape(**dict(zip(NAMES, values.tolist(), strict=True)))


def opening(vectors: Vectors) -> Vectors:
    """Height of the gap between the lips, for vectors of shape (..., 14)."""
    return np.asarray(vectors[..., _OPENING[0]] + vectors[..., _OPENING[1]], np.float32)


_BY_VISEME: Final = {
    "sil": MouthShape(width=52, upper_lip=8.5, lower_lip=12.5, smile=1.2),
    "PP": MouthShape(width=47, upper_lip=5.5, lower_lip=7.5, smile=0.5, press=1),
    "FF": MouthShape(
        width=45, rise=6, drop=2, upper_lip=8, lower_lip=9, smile=0.3,
        upper_teeth=1, jaw=2, bite=1,
    ),
    "TH": MouthShape(
        width=46, rise=6, drop=9, upper_lip=8.5, lower_lip=11, smile=0.3,
        upper_teeth=1, tongue=0.9, jaw=6, tongue_tip=1,
    ),
    "DD": MouthShape(
        width=47, rise=6, drop=9, upper_lip=8.5, lower_lip=11, smile=0.35,
        upper_teeth=1, lower_teeth=0.4, tongue=0.7, jaw=6,
    ),
    "kk": MouthShape(
        width=47, rise=6, drop=12, upper_lip=8.5, lower_lip=11.5, smile=0.3,
        upper_teeth=0.8, tongue=0.5, jaw=9,
    ),
    "CH": MouthShape(
        width=34, rise=8, drop=10, upper_lip=11, lower_lip=13, smile=0.05,
        upper_teeth=1, lower_teeth=0.9, roundness=0.6, jaw=6,
    ),
    "SS": MouthShape(
        width=53, rise=6, drop=6, upper_lip=8, lower_lip=10.5, smile=0.8,
        upper_teeth=1, lower_teeth=1, jaw=3,
    ),
    "nn": MouthShape(
        width=47, rise=5, drop=9, upper_lip=8.5, lower_lip=11, smile=0.35,
        upper_teeth=0.9, tongue=0.85, jaw=6,
    ),
    "RR": MouthShape(
        width=37, rise=6, drop=9, upper_lip=11, lower_lip=13, smile=0.1,
        upper_teeth=0.7, tongue=0.6, roundness=0.4, jaw=6,
    ),
    "aa": MouthShape(
        width=52, rise=10, drop=30, upper_lip=8.5, lower_lip=11.5, smile=0.25,
        upper_teeth=0.85, tongue=0.3, roundness=0.25, jaw=21,
    ),
    "E": MouthShape(
        width=54, rise=8, drop=18, upper_lip=8.5, lower_lip=11, smile=0.4,
        upper_teeth=1, tongue=0.4, jaw=14,
    ),
    "ih": MouthShape(
        width=56, rise=7, drop=10, upper_lip=8, lower_lip=10.5, smile=0.9,
        upper_teeth=1, lower_teeth=0.3, tongue=0.5, jaw=7,
    ),
    "oh": MouthShape(
        width=34, rise=11, drop=23, upper_lip=11, lower_lip=13,
        upper_teeth=0.45, tongue=0.3, roundness=0.8, jaw=17,
    ),
    "ou": MouthShape(
        width=25, rise=7, drop=9, upper_lip=13, lower_lip=15,
        upper_teeth=0.1, tongue=0.3, roundness=0.9, jaw=7,
    ),
}  # fmt: skip

SHAPES: Final[Vectors] = np.stack([vector(_BY_VISEME[name]) for name in VISEMES])
"""Shape (15, 14): one row per viseme."""
REST: Final[Vectors] = SHAPES[SILENCE]
CLOSED: Final[Vectors] = SHAPES[CLOSURE]
