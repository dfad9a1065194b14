"""From a stream's pts to seconds that only go up."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

__all__ = ["PtsReader", "Reading", "seconds"]

WRAP = 1 << 32
"""RTP timestamps are 32 bits (RFC 3550): one that falls by half of that has wrapped."""
STUCK = 3
BACK_S = 0.5
"""A pts this far back began anew; networks do not reorder by that much."""
AHEAD_S = 1.0
"""A pts that leaps this far ahead of the arrivals from one packet to the next began anew."""


def seconds(ticks: int, time_base: float | Fraction) -> float:
    """``ticks`` of ``time_base``; the same as the product, in a tenth of a Fraction's time."""
    if isinstance(time_base, Fraction):
        return ticks * time_base.numerator / time_base.denominator
    return ticks * time_base


class Reading(NamedTuple):
    """Media time in seconds; ``anew``: it cannot belong to the line so far."""

    media_s: float
    anew: bool


class PtsReader:
    """Reads pts as seconds: unwraps 32 bits, and gives up on time stamps that do not advance.

    Some sources put the same pts, or 0, on everything. After three in a row that did not advance
    nothing is trusted until :meth:`restart`.
    """

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """The next pts comes from another source."""
        self._last: int | None = None
        self._last_s = self._seen_s = 0.0
        self._wrapped = 0
        self._stuck = 0

    def read(
        self, pts: int | None, time_base: float | Fraction | None, now_s: float
    ) -> Reading | None:
        """Media time; None where there is none, or none that can be trusted."""
        if pts is None or not time_base or self._stuck >= STUCK:
            return None
        last, self._last = self._last, pts
        if last is not None:
            if last - pts > WRAP // 2 and pts >= 0:
                self._wrapped += WRAP
            self._stuck = self._stuck + 1 if pts == last else 0
        media = seconds(self._wrapped + pts, time_base)
        step, waited = media - self._last_s, now_s - self._seen_s
        anew = last is not None and (step < -BACK_S or step - max(0.0, waited) > AHEAD_S)
        self._last_s, self._seen_s = media, now_s
        return Reading(media, anew)
