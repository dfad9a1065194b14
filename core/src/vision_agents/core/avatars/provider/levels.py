"""Loudness of a piece of sound, and where a stretch of speech has its pauses."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

import numpy as np

from vision_agents.core.avatars.provider.policy import LOUD_DBFS, PAUSE_S, WINDOW_S

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vision_agents.core.media.pcm import PcmData

_LOUD_POWER = 10 ** (LOUD_DBFS / 10)
_EPSILON_S = 1e-6


def loudness(pcm: PcmData) -> Iterator[tuple[float, bool]]:
    """Windows of about 20 ms as (seconds, loud); a shorter piece is one window."""
    channels = pcm.samples.reshape(pcm.channels, -1)
    total = channels.shape[1]
    window = max(1, round(WINDOW_S * pcm.sample_rate))
    full_scale = 32768.0 if pcm.format == "s16" else 1.0
    limit = _LOUD_POWER * full_scale * full_scale
    # A remainder shorter than half a window would be too short to judge: it joins the last one.
    starts = [0] if total < window * 1.5 else list(range(0, total - window // 2, window))
    for index, start in enumerate(starts):
        stop = starts[index + 1] if index + 1 < len(starts) else total
        if stop > start:
            part = channels[:, start:stop].astype(np.float32).ravel()
            yield (stop - start) / pcm.sample_rate, float(part @ part) > limit * part.size


class Profile:
    """Where a stretch of speech is loud: runs of seconds, with gaps shorter than a pause closed.

    Positions only grow; what lies before a position can be forgotten.
    """

    def __init__(self) -> None:
        self._starts: list[float] = []
        self._ends: list[float] = []
        self._cut = False

    def cut(self) -> None:
        """What follows is a run of its own, even without a gap: another utterance begins."""
        self._cut = True

    def add(self, start_s: float, end_s: float, *, loud: bool) -> None:
        """Append a window. A position never mentioned counts as quiet."""
        if not loud:
            return
        if not self._cut and self._ends and start_s - self._ends[-1] < PAUSE_S - _EPSILON_S:
            self._ends[-1] = end_s
        else:
            self._cut = False
            self._starts.append(start_s)
            self._ends.append(end_s)

    def loud_at(self, position_s: float) -> bool:
        return self.run_at(position_s) is not None

    def next_loud(self, position_s: float) -> float | None:
        """Where it is loud at or after ``position_s``; ``None`` where it stays quiet."""
        index = bisect_right(self._ends, position_s + _EPSILON_S)
        return max(position_s, self._starts[index]) if index < len(self._starts) else None

    def run_at(self, position_s: float) -> tuple[float, float] | None:
        """Beginning and end of the loud run that holds ``position_s``."""
        index = bisect_right(self._ends, position_s + _EPSILON_S)
        inside = index < len(self._starts) and self._starts[index] <= position_s + _EPSILON_S
        return (self._starts[index], self._ends[index]) if inside else None

    def loud_s(self, start_s: float, end_s: float) -> float:
        """Seconds between two positions that are loud."""
        first = bisect_right(self._ends, start_s)
        total = 0.0
        for start, end in zip(self._starts[first:], self._ends[first:], strict=True):
            if start >= end_s:
                break
            total += min(end, end_s) - max(start, start_s)
        return total

    def pause_after(self, position_s: float) -> float | None:
        """The beginning of the first pause at or after ``position_s`` that speech follows."""
        first = max(0, bisect_right(self._ends, position_s) - 1)
        for end, following in zip(self._ends[first:], self._starts[first + 1 :], strict=False):
            if following > position_s:
                return max(end, position_s)
        return None

    def longest_pause_s(self, start_s: float, end_s: float) -> float:
        """Length of the longest pause between loud runs that touches the range."""
        pauses = zip(self._ends, self._starts[1:], strict=False)
        touching = (b - a for a, b in pauses if b > start_s and a < end_s)
        return max(touching, default=0.0)

    def pause_before(self, position_s: float, *, reach_s: float) -> float | None:
        """The end of the last pause before ``position_s``, no further back than ``reach_s``."""
        index = bisect_right(self._starts, position_s) - 1
        if index < 0 or self._starts[index] < position_s - reach_s:
            return None
        return self._starts[index]

    def forget(self, before_s: float) -> None:
        """Drop the runs that end before ``before_s``."""
        keep = bisect_right(self._ends, before_s)
        del self._starts[:keep], self._ends[:keep]
