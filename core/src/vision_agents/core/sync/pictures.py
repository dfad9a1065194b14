"""The pictures that wait for their moment."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from fractions import Fraction
from typing import Generic, TypeVar

from vision_agents.core.media.timestamps import PtsReader
from vision_agents.core.sync import policy
from vision_agents.core.sync.clock import SourceClock, went_on

__all__ = ["Picture", "PictureQueue"]

T = TypeVar("T")

_RECENT = 9


@dataclass(slots=True)
class Picture(Generic[T]):
    """One waiting picture; ``clock`` turns its media time into local time."""

    frame: T
    media_s: float
    clock: SourceClock
    arrived_s: float

    def captured_s(self, now_s: float) -> float:
        return self.clock.origin(now_s) + self.media_s


class PictureQueue(Generic[T]):
    """At most ``most`` pictures in the order they came; a full queue is thinned.

    Media time is the pts, mapped like the sound's. Without a pts that can be trusted it is the
    moment of arrival: the fallback, in which network jitter becomes jitter of the picture.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.thinned = 0
        self.arrived_s: float | None = None
        """When a picture came last."""
        self.clock = SourceClock()
        self._pts = PtsReader()
        self._waiting: deque[Picture[T]] = deque()
        self._shown_media_s = float("-inf")
        self._steps: deque[float] = deque(maxlen=_RECENT)
        self._last_media_s: float | None = None
        self._late: deque[float] = deque(maxlen=policy.LATE_PICTURES)
        self._needs_s = 0.0
        self._until_needs = policy.LATE_LEAST

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def by_arrival(self) -> bool:
        """Whether the fallback is in use."""
        return self.clock is _ARRIVAL

    @property
    def jitter_s(self) -> float:
        return self.clock.jitter_s

    @property
    def needs_s(self) -> float:
        """The delay with which four of five pictures are in time."""
        held_s = self.clock.held_s
        return max(self._needs_s, held_s + policy.DEPTH_SLACK_S) if held_s else self._needs_s

    def push(
        self,
        frame: T,
        pts: int | None,
        time_base: Fraction | None,
        now_s: float,
        head_start_s: float = 0.0,
        shared: SourceClock | None = None,
        soon_s: float = float("-inf"),
        sound_s: float | None = None,
    ) -> None:
        """A picture came. ``shared`` is the sound's clock where both count the same media time;
        one produced before ``soon_s`` is as good as shown and takes no room. Sound came last at
        ``sound_s``."""
        reading = self._pts.read(pts, time_base, now_s)
        if reading is None:
            self.clock, media = _ARRIVAL, now_s
        else:
            media = reading.media_s
            if shared is not None:
                self.clock = shared
            elif self.clock is _ARRIVAL or (reading.anew and self.clock.is_far(media, now_s)):
                self.clock = SourceClock(self.clock)
            alone = went_on(sound_s, self.arrived_s)
            self.clock.observe(media, now_s, head_start_s, alone=alone)
            if self.clock.steady and self.clock.late_s > policy.PAUSE_S:
                self.clock = SourceClock(self.clock)
                self.clock.observe(media, now_s)
            self._note_lateness()
        if self._last_media_s is not None:
            self._steps.append(media - self._last_media_s)
        self._last_media_s, self.arrived_s = media, now_s
        if len(self._waiting) >= self.most and (
            len(self._waiting) > self.most or self._waiting[0].captured_s(now_s) > soon_s
        ):
            self._thin()
        self._waiting.append(Picture(frame, media, self.clock, now_s))

    def _note_lateness(self) -> None:
        if self.clock.stalled:
            return
        self._late.append(self.clock.late_s)
        self._until_needs -= 1
        if not self._until_needs:
            self._until_needs = policy.LATE_LEAST // 2
            self._needs_s = sorted(self._late)[int(policy.LATE_SHARE * len(self._late))]

    def _thin(self) -> None:
        """Take out the picture that is missed least: its neighbours are closest in time."""
        self.thinned += 1
        before, best, victim = self._shown_media_s, float("inf"), 0
        waiting = self._waiting
        media = waiting[0].media_s
        for index in range(1, len(waiting)):
            after = waiting[index].media_s
            if after - before < best:
                best, victim = after - before, index - 1
            before, media = media, after
        del waiting[victim]

    def take(self, until_s: float, now_s: float) -> tuple[Picture[T] | None, list[Picture[T]]]:
        """The newest picture produced until ``until_s``, and those skipped for it."""
        skipped: list[Picture[T]] = []
        taken: Picture[T] | None = None
        while self._waiting and self._waiting[0].captured_s(now_s) <= until_s:
            if taken is not None:
                skipped.append(taken)
            taken = self._waiting.popleft()
        if taken is not None:
            self._shown_media_s = taken.media_s
        return taken, skipped

    def newest_s(self, now_s: float) -> float | None:
        """When the newest picture waiting was produced."""
        return self._waiting[-1].captured_s(now_s) if self._waiting else None

    @property
    def interval_s(self) -> float | None:
        """The usual distance of two pictures; None while too few came."""
        if len(self._steps) < _RECENT:
            return None
        return sorted(self._steps)[_RECENT // 2]

    def phase_step_s(self, early_s: float, tick_s: float) -> float:
        """How to move the next of ticks ``tick_s`` apart, the last of which showed a picture
        ``early_s`` before its moment, so that pictures fall on ticks; where the rates agree."""
        source_s = self.interval_s
        if not source_s or source_s <= 0:
            return 0.0
        ratio = source_s / tick_s
        ratio = ratio if ratio >= 1 else 1 / ratio
        if abs(ratio - round(ratio)) > policy.LOCK_RATIO * ratio:
            return 0.0
        most_s = policy.LOCK_STEP * tick_s
        return max(-most_s, min(most_s, policy.LOCK_GAIN * early_s))

    def clear(self) -> None:
        self._waiting.clear()

    def forget(self) -> None:
        """What comes next is from another source; what waits stays."""
        self.clock = SourceClock(self.clock)
        self._pts.restart()
        self._steps.clear()
        self._last_media_s = None


class _Arrival(SourceClock):
    """Media time is local time already."""

    def origin(self, now_s: float) -> float:  # noqa: ARG002 - the base's signature
        return 0.0


_ARRIVAL = _Arrival()
