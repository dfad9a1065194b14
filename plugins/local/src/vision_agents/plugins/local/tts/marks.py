"""Words and phonemes on the sound they belong to, with a plosive beginning at its closure.

espeak-ng reports a plosive at its burst, but the lips have been shut for 50 to 100 ms by then. That
silent stretch belongs to the plosive, not to the phoneme before it, so sound is held back just long
enough to look for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from vision_agents.core.media.chunks import Mark
from vision_agents.plugins.local.visemes.inventory import is_stop

if TYPE_CHECKING:
    from vision_agents.plugins.local.tts.espeak import Samples, SpeechEvent

_LONGEST_CLOSURE_S: Final = 0.1
_SHORTEST_PHONEME_S: Final = 0.02  # what the phoneme before a closure keeps
_BLOCK_S: Final = 0.005
_QUIET: Final = 0.012 * 32768  # RMS


class MarkedSound:
    """Sound and events of one synthesis in, sound with its marks out, 100 ms behind."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._held: Samples = np.zeros(0, np.int16)
        self._begin = 0  # sample number of the first held sample
        self._marks: list[tuple[int, str, str]] = []
        self._last_phoneme = 0
        self._anything_said = False

    def push(
        self, samples: Samples, events: list[SpeechEvent]
    ) -> tuple[Samples, tuple[Mark, ...]] | None:
        """Take what the engine just made; what may be released now, if anything."""
        self._held = np.concatenate([self._held, samples])
        for event in events:
            self._note(event)
        release = len(self._held) - int(_LONGEST_CLOSURE_S * self._rate_hz)
        return self._release(release) if release > 0 and self._anything_said else None

    def finish(self) -> tuple[Samples, tuple[Mark, ...]] | None:
        """The rest; ``None`` when there is none or nothing was pronounced at all."""
        return self._release(len(self._held)) if len(self._held) and self._anything_said else None

    def _note(self, event: SpeechEvent) -> None:
        sample = event.sample
        if event.kind == "phoneme":
            if is_stop(event.text):
                sample = self._closure_before(sample)
            self._last_phoneme = sample
            self._anything_said = self._anything_said or bool(event.text)
        self._marks.append((sample, event.kind, event.text))

    def _closure_before(self, burst: int) -> int:
        block = round(_BLOCK_S * self._rate_hz)
        keep = round(_SHORTEST_PHONEME_S * self._rate_hz)
        earliest = max(
            burst - int(_LONGEST_CLOSURE_S * self._rate_hz),
            self._last_phoneme + keep if self._last_phoneme else 0,
            self._begin,
        )
        begin = burst
        while begin - block >= earliest and self._is_quiet(begin - block, begin):
            begin -= block
        return begin

    def _is_quiet(self, begin: int, end: int) -> bool:
        samples = self._held[begin - self._begin : end - self._begin].astype(np.float32)
        return len(samples) == 0 or float(np.sqrt(np.mean(samples * samples))) < _QUIET

    def _release(self, count: int) -> tuple[Samples, tuple[Mark, ...]]:
        samples, self._held = self._held[:count], self._held[count:]
        end = self._begin + count
        if not len(self._held):
            end += 1  # marks at the very end go with the last sound
        due = sorted((mark for mark in self._marks if mark[0] < end), key=lambda mark: mark[0])
        self._marks = [mark for mark in self._marks if mark[0] >= end]
        marks = tuple(
            Mark(kind, text, max(0.0, (sample - self._begin) / self._rate_hz))
            for sample, kind, text in due
        )
        self._begin += count
        return samples, marks
