"""How good visemes are, and how late a mouth is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from vision_agents.plugins.local.face.shapes import SHAPES, opening
from vision_agents.plugins.local.visemes.features import HOP, RATE_HZ, Floats
from vision_agents.plugins.local.visemes.inventory import CLOSURE, VISEMES

if TYPE_CHECKING:
    from plugins.local.tools.visemes.speech import Labels

Flags = npt.NDArray[np.bool_]

_SPREAD: Final = (
    np.hanning(9) / np.hanning(9).sum()
)  # smooths what is compared, without shifting it
_SEARCH_MS: Final = 150
_CLOSURE_FROM: Final = 0.35  # probability from which lips count as closed
_CLOSURE_TOLERANCE: Final = 4  # frames


@dataclass(frozen=True, slots=True)
class Scores:
    """``f1`` holds one value per viseme; NaN where it is neither said nor guessed."""

    accuracy: float
    f1: tuple[float, ...]
    opening_correlation: float
    closure_f1: float

    @property
    def macro_f1(self) -> float:
        """The mean over the visemes that occur."""
        return float(np.nanmean(self.f1))


def scores(probabilities: Floats, labels: Labels) -> Scores:
    """Compare the classifier's rows with the truth, frame by frame, without any smoothing."""
    guesses = probabilities.argmax(axis=1)
    f1 = []
    for viseme in range(len(VISEMES)):
        both = int(((guesses == viseme) & (labels == viseme)).sum())
        either = int((guesses == viseme).sum() + (labels == viseme).sum())
        f1.append(2 * both / either if either else float("nan"))
    truth = np.convolve(opening(SHAPES[labels]), _SPREAD, "same")
    guess = np.convolve(opening(probabilities @ SHAPES), _SPREAD, "same")
    return Scores(
        accuracy=float((guesses == labels).mean()),
        f1=tuple(f1),
        opening_correlation=float(np.corrcoef(truth, guess)[0, 1]),
        closure_f1=_closure_f1(probabilities[:, CLOSURE] > _CLOSURE_FROM, labels == CLOSURE),
    )


def _closure_f1(guess: Flags, truth: Flags) -> float:
    found, wanted = _runs(guess), _runs(truth)
    tolerance = _CLOSURE_TOLERANCE

    def meets(run: tuple[int, int], others: list[tuple[int, int]]) -> bool:
        return any(b >= run[0] - tolerance and a <= run[1] + tolerance for a, b in others)

    hits = sum(meets(run, found) for run in wanted)
    right = sum(meets(run, wanted) for run in found)
    recall, precision = hits / max(len(wanted), 1), right / max(len(found), 1)
    return 2 * recall * precision / max(recall + precision, 1e-9)


def _runs(flags: Flags) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate(([0], flags.astype(np.int8), [0]))))
    return [(begin, end) for begin, end in edges.reshape(-1, 2).tolist() if end - begin >= 2]


def lag_ms(mouth: Floats, labels: Labels) -> float:
    """How much later than the truth the opening ``mouth`` (100 Hz) moves, to a millisecond.

    Positive is late. It is where the correlation of the two over the utterance is greatest.
    """
    truth = np.convolve(opening(SHAPES[labels]), _SPREAD, "same")
    per_frame = HOP * 1000 // RATE_HZ
    at = np.arange(_SEARCH_MS, len(labels) * per_frame - _SEARCH_MS, dtype=np.float64)
    frames = np.arange(len(labels), dtype=np.float64) * per_frame
    reference = np.interp(at, frames, truth)
    best = max(
        range(-_SEARCH_MS, _SEARCH_MS + 1),
        key=lambda lag: np.corrcoef(reference, np.interp(at + lag, frames, mouth))[0, 1],
    )
    return float(best)
