"""When was this media produced? A stream's media time, mapped to the local clock."""

from __future__ import annotations

from collections import deque
from itertools import takewhile

from vision_agents.core.sync import policy

__all__ = ["SourceClock", "went_on"]


class SourceClock:
    """Estimates ``origin``: the local time at which media time 0 left its source.

    Each packet says ``origin <= arrival - media time``; the promptest one nearly says equal. So
    the estimate is the sliding minimum, moved on by its own trend where the two clocks drift
    apart. What networks cannot do is bring packets ever earlier: a source that is faster
    than real time does, and then its first packet decides.

    A path that becomes longer from one packet to the next (a receiver's jitter buffer that grew)
    does not move the line, which is what keeps two streams together: its packets are ``held_s``
    later from then on, until some are earlier again.
    """

    def __init__(self, before: SourceClock | None = None, until_s: float = float("inf")) -> None:
        """``before`` is the line that this one follows: its drift, and its jitter ``until_s``, are
        the same network's."""
        self.drift: float = before.drift if before is not None else 0.0
        """Seconds by which the source falls behind per second."""
        self.steady: bool = before.steady if before is not None else False
        """The source sends when it is asked to: only its first packet says when it began."""
        self.began_s: float | None = None
        """Local time of the line's first packet; None before it."""
        self.late_s = 0.0
        """How late the last packet came, against the promptest."""
        self.held_s = 0.0
        """How much longer the path has become since the line began."""
        self._origin = 0.0  # at _at_s
        self._at_s = 0.0
        self._lowest: tuple[float, float] | None = None  # (when, offset), not confirmed yet
        self._minima: deque[tuple[float, float]] = deque()  # one per bucket
        # The largest lateness per bucket.
        self._latest: deque[tuple[float, float]] = deque(
            (at_s, late) for at_s, late in (before._latest if before else ()) if at_s < until_s
        )
        self._spread_s = max((late for _, late in self._latest), default=0.0)
        self._pause: tuple[float, float] = float("-inf"), 0.0  # (when, how long)
        self.stalled = False
        """Whether the last packet came out of a stall."""

    @property
    def jitter_s(self) -> float:
        """The largest lateness within the window, stalls apart."""
        return self.held_s + self._spread_s

    def origin(self, now_s: float) -> float:
        """Local time of media time 0, as of ``now_s``."""
        return self._origin + self.drift * (now_s - self._at_s)

    def is_far(self, media_s: float, now_s: float) -> bool:
        """Whether a packet of ``media_s`` is out of all proportion with this line."""
        return abs(now_s - media_s - self.origin(now_s)) > policy.FAR_S

    def is_near(self, media_s: float, now_s: float) -> bool:
        """Whether a packet of ``media_s`` is no later than others were, and hardly earlier."""
        late_s = now_s - media_s - self.origin(now_s)
        return -policy.GAP_LEAST_S <= late_s <= self.jitter_s + policy.GAP_LEAST_S

    def observe(
        self, media_s: float, arrival_s: float, head_start_s: float = 0.0, *, alone: bool = False
    ) -> None:
        """A packet came. ``head_start_s`` is by how much the other stream began earlier;
        ``alone``: the other stream went on meanwhile, so that the source had not paused."""
        offset = arrival_s - media_s - self.held_s
        if self.began_s is None:
            self.began_s = self._at_s = arrival_s
            self._origin = offset
        lead = self.origin(arrival_s) - offset
        if lead > 0 and self.held_s:  # the path is shorter again
            back_s = min(lead, self.held_s)
            self.held_s, offset, lead = self.held_s - back_s, offset + back_s, lead - back_s
        late_s = self.held_s - lead
        if late_s - self.late_s > policy.STEP_LEAST_S and not alone:
            self._pause = arrival_s, late_s - self.late_s
        self.late_s = late_s
        if self.steady:
            return
        if lead > 0:
            self._consider(offset, arrival_s, lead, head_start_s)
        elif self._lowest is not None:
            self._confirm(arrival_s)
        self._note_lateness(arrival_s, max(0.0, -lead))
        self._note_minimum(arrival_s, max(offset, self.origin(arrival_s)))

    def _consider(self, offset: float, now_s: float, lead: float, head_start_s: float) -> None:
        """A packet came earlier than any other."""
        late_start = abs(lead - head_start_s) < policy.HEAD_START_S < head_start_s
        began_s = self.began_s or now_s
        if late_start and now_s - began_s < policy.BURST_S + policy.BURST_SHARE * lead:
            self._accept(offset, now_s)  # the other stream's beginning vouches for it
            return
        if self._lowest is None or offset < self._lowest[1] - policy.CONFIRM_SLACK_S:
            self._lowest = now_s, offset
        self._confirm(now_s, policy.CATCH_UP_MOST_S if not late_start else head_start_s + 1)

    def _confirm(self, now_s: float, most_s: float = policy.CATCH_UP_MOST_S) -> None:
        assert self._lowest is not None
        since_s, offset = self._lowest
        if now_s - since_s < policy.CONFIRM_S:
            return
        if self.origin(now_s) - offset <= most_s:
            self._accept(offset, now_s)
        self._lowest = None

    def _accept(self, offset: float, now_s: float) -> None:
        self._origin, self._at_s = offset, now_s
        self._lowest = None
        self._minima.append((now_s, offset))

    # ------------------------------------------------------------------ what the window says
    def _note_minimum(self, now_s: float, offset: float) -> None:
        minima = self._minima
        if minima and now_s - minima[-1][0] < policy.BUCKET_S:
            if offset < minima[-1][1]:
                minima[-1] = minima[-1][0], offset
            return
        minima.append((now_s, offset - self._hold_step(now_s)))
        while now_s - minima[0][0] > policy.DRIFT_WINDOW_S:
            minima.popleft()
        least_s = policy.DRIFT_LEAST_S + policy.DRIFT_LEAST_PER_JITTER * self._spread_s
        if now_s - minima[0][0] >= least_s:
            self.drift = _drift(minima, self._spread_s)
        window_s = policy.WINDOW_S + policy.WINDOW_PER_JITTER * self._spread_s
        recent = takewhile(lambda minimum: now_s - minimum[0] <= window_s, reversed(minima))
        moved = (at_offset + self.drift * (now_s - at_s) for at_s, at_offset in recent)
        self._origin, self._at_s = min(moved), now_s

    def _hold_step(self, now_s: float) -> float:
        """Keep the line where everything of late came later than everything just before; by how
        much."""
        half, minima = policy.STEP_BUCKETS, self._minima
        if len(minima) < 2 * half or now_s - minima[-2 * half][0] > policy.STEP_SPAN_S:
            return 0.0
        recent = [offset - self.drift * at_s for at_s, offset in list(minima)[-2 * half :]]
        before, least = sorted(recent[:half]), min(recent[half:])
        rise_s = least - before[1]  # a single packet may have been early
        if least - before[-1] < policy.STEP_LEAST_S or self.held_s + rise_s > policy.STEP_MOST_S:
            return 0.0
        since_s = minima[-half - 1][0]
        quiet_s = since_s - policy.BUCKET_S
        usual_s = max((late_s for at_s, late_s in self._latest if at_s < quiet_s), default=0.0)
        paused_s, pause_s = self._pause
        if rise_s < usual_s or (paused_s >= since_s and pause_s > rise_s / 2):
            return 0.0
        self._hold(rise_s, since_s)
        return rise_s

    def _hold(self, by_s: float, since_s: float) -> None:
        """What came after ``since_s`` was not late, its path was longer."""
        self.held_s += by_s
        for n in range(-policy.STEP_BUCKETS, 0):
            self._minima[n] = self._minima[n][0], self._minima[n][1] - by_s
        self._latest = deque(
            (at_s, max(0.0, late_s - by_s) if at_s > since_s else late_s)
            for at_s, late_s in self._latest
        )
        self._spread_s = max(late_s for _, late_s in self._latest)

    def _note_lateness(self, now_s: float, late_s: float) -> None:
        self.stalled = late_s > policy.JITTER_MOST_S or (self.stalled and late_s > policy.MADE_UP_S)
        if self.stalled:
            return
        latest = self._latest
        if late_s > self._spread_s:
            self._spread_s = late_s
        if latest and now_s - latest[-1][0] < policy.BUCKET_S:
            if late_s > latest[-1][1]:
                latest[-1] = latest[-1][0], late_s
            return
        latest.append((now_s, late_s))
        while now_s - latest[0][0] > policy.JITTER_WINDOW_S:
            latest.popleft()
        self._spread_s = max(late for _, late in latest)


def went_on(other_s: float | None, own_s: float | None) -> bool:
    """Whether the other stream's last packet came after the own last one."""
    return other_s is not None and own_s is not None and other_s > own_s


def _drift(points: deque[tuple[float, float]], jitter_s: float) -> float:
    """How fast the minima move, from the first third of the time to the last.

    Delays that wander move them too: less than a fifth of the jitter proves nothing.
    """
    third = (points[-1][0] - points[0][0]) / 3
    first_until_s, last_from_s = points[0][0] + third, points[-1][0] - third
    early = min(takewhile(lambda p: p[0] <= first_until_s, points), key=_offset)
    late = min(takewhile(lambda p: p[0] >= last_from_s, reversed(points)), key=_offset)
    moved = late[1] - early[1]
    if abs(moved) < policy.DRIFT_JITTERS * jitter_s:
        return 0.0
    slope = moved / (late[0] - early[0])
    return max(-policy.DRIFT_MOST, min(policy.DRIFT_MOST, slope))


def _offset(point: tuple[float, float]) -> float:
    return point[1]
