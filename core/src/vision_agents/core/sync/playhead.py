"""Which moment of the source is being heard."""

from __future__ import annotations

from collections import deque

__all__ = ["Playhead"]

_KEPT_S = 1.0


class Playhead:
    """The sound's position over local time, as line segments.

    Sound that was pulled but waits in an edge's queue lies in the future: pictures ask for the
    position at their own moment.
    """

    def __init__(self, delay_s: float) -> None:
        self.delay_s = delay_s
        """How long what is heard last has waited since it was produced."""
        self._segments: deque[tuple[float, float, float]] = deque()  # local time, position, rate

    def at(self, time_s: float) -> float:
        """The position heard at ``time_s``; beyond what is known it goes on as it went."""
        for start_s, position_s, rate in reversed(self._segments):
            if start_s <= time_s:
                return position_s + (time_s - start_s) * rate
        return time_s - self.delay_s

    def play(self, time_s: float, position_s: float, rate: float = 1.0) -> None:
        """From ``time_s`` on, ``position_s`` and what follows is heard at ``rate``."""
        segments = self._segments
        while segments and segments[-1][0] >= time_s:
            segments.pop()
        while len(segments) > 1 and segments[1][0] < time_s - _KEPT_S:
            segments.popleft()
        same = segments and segments[-1][2] == rate and abs(self.at(time_s) - position_s) < 2e-4
        if not same:
            segments.append((time_s, position_s, rate))
        self.delay_s = time_s - position_s
