"""Visemes over time become a mouth that moves: smoothing, blending, and lips that really shut.

Everything runs at 100 Hz. What the classifier says is blended; phoneme marks that came with the
speech, where there are any, go before it.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Final

import numpy as np

from vision_agents.plugins.local.face.shapes import CLOSED, SHAPES, Vectors
from vision_agents.plugins.local.visemes.classifier import FRAME_RATE_HZ
from vision_agents.plugins.local.visemes.inventory import (
    CLOSURE,
    SILENCE,
    VISEMES,
    visemes_of_phoneme,
)

if TYPE_CHECKING:
    from vision_agents.plugins.local.visemes.features import Floats

_SHARPEN: Final = 1.4  # exponent on the probabilities, so that the likeliest shape shows
_BLEND: Final = np.array([0.25, 0.5, 0.25], np.float32)
_MOTION: Final = np.array([0.06, 0.24, 0.4, 0.24, 0.06], np.float32)
# Blended with its neighbours a closure would never shut, and that is what eyes notice first.
_CLOSURE_FROM: Final = 0.25
_CLOSURE_FULL: Final = 0.6
MARGIN: Final = len(_BLEND) // 2 + len(_MOTION) // 2  # rows of context on either side
MARGIN_S: Final = MARGIN / FRAME_RATE_HZ
# A diphthong whose end is not known yet turns to its second shape after this.
_GLIDE_S: Final = 0.1


def mouth_vectors(probabilities: Floats) -> Vectors:
    """Mouths for all rows of (n, 15) but the first and last ``MARGIN``, shape (n - 6, 14)."""
    sharp = probabilities**_SHARPEN
    sharp /= sharp.sum(axis=1, keepdims=True)
    blended = _convolve(_convolve(sharp, _BLEND) @ SHAPES, _MOTION)
    shut = _convolve(probabilities[:, CLOSURE : CLOSURE + 1], _BLEND)
    shut = shut[MARGIN - 1 : len(shut) - MARGIN + 1]
    share = np.clip((shut - _CLOSURE_FROM) / (_CLOSURE_FULL - _CLOSURE_FROM), 0.0, 1.0)
    return np.asarray(blended + (CLOSED - blended) * share, np.float32)


def _convolve(rows: Floats, kernel: Floats) -> Floats:
    count = len(rows) - len(kernel) + 1
    total = np.zeros((max(count, 0), rows.shape[1]), np.float32)
    for offset, weight in enumerate(kernel):
        total += weight * rows[offset : offset + count]
    return total


class PhonemeMarks:
    """Phonemes of one utterance and their times, as its TTS told them."""

    def __init__(self) -> None:
        self._times_s: list[float] = []
        self._visemes: list[tuple[int, ...] | None] = []

    def add(self, phoneme: str, at_s: float) -> None:
        """``at_s``: seconds from the utterance's first sample. Late ones are sorted in."""
        position = bisect_right(self._times_s, at_s)
        self._times_s.insert(position, at_s)
        self._visemes.insert(position, visemes_of_phoneme(phoneme))

    def overrule(self, probabilities: Floats, first_row: int) -> Floats:
        """``probabilities`` with certainty wherever a known phoneme is being spoken."""
        if not self._times_s:
            return probabilities
        rows = probabilities.copy()
        for position in range(len(rows)):
            viseme = self._viseme_at((first_row + position + 0.5) / FRAME_RATE_HZ)
            if viseme is not None:
                rows[position] = 0.0
                rows[position, viseme] = 1.0
        return rows

    def _viseme_at(self, time_s: float) -> int | None:
        current = bisect_right(self._times_s, time_s) - 1
        if current < 0:
            return None
        visemes = self._visemes[current]
        if visemes is None or len(visemes) == 1:
            return None if visemes is None else visemes[0]
        begin_s = self._times_s[current]
        if current + 1 < len(self._times_s):
            part_s = (self._times_s[current + 1] - begin_s) / len(visemes)
        else:
            part_s = _GLIDE_S
        return visemes[min(int((time_s - begin_s) / max(part_s, 1e-6)), len(visemes) - 1)]


class MouthTrack:
    """The mouth during one utterance. Rows go in in order; ``at`` answers for the past of them."""

    def __init__(self) -> None:
        self.marks = PhonemeMarks()
        silence = np.zeros((MARGIN, len(VISEMES)), np.float32)
        silence[:, SILENCE] = 1.0
        self._silence = silence
        self._context = silence
        self._rows_in = 0
        self._vectors: Vectors = np.zeros((0, SHAPES.shape[1]), np.float32)

    @property
    def known_s(self) -> float:
        """How far into the utterance ``at`` can answer."""
        return (len(self._vectors) - 0.5) / FRAME_RATE_HZ

    def push(self, probabilities: Floats) -> None:
        """Append rows of the classifier; marks added before may overrule them."""
        rows = self.marks.overrule(probabilities, self._rows_in)
        self._rows_in += len(rows)
        self._extend(rows)

    def finish(self) -> None:
        """The utterance is over: silence follows."""
        self._extend(self._silence)

    def _extend(self, rows: Floats) -> None:
        self._context = np.concatenate([self._context, rows])
        if len(self._context) > 2 * MARGIN:
            self._vectors = np.concatenate([self._vectors, mouth_vectors(self._context)])
            self._context = self._context[-2 * MARGIN :]

    def at(self, time_s: float) -> Vectors | None:
        """The mouth ``time_s`` after the first sample; ``None`` beyond what is known."""
        position = max(time_s * FRAME_RATE_HZ - 0.5, 0.0)
        row = int(position)
        if row >= len(self._vectors):
            return None
        following = self._vectors[min(row + 1, len(self._vectors) - 1)]
        return np.asarray(
            self._vectors[row] + (following - self._vectors[row]) * np.float32(position - row),
            np.float32,
        )
