"""The sound that waits, and when each of its samples was produced."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vision_agents.core.media.levels import LOUD, peak
from vision_agents.core.media.timestamps import PtsReader, Reading
from vision_agents.core.sync import policy
from vision_agents.core.sync.clock import SourceClock, went_on

if TYPE_CHECKING:
    from vision_agents.core.media.fifo import PcmFifo
    from vision_agents.core.media.pcm import PcmData

__all__ = ["SoundLine", "Stretch"]

_TAIL_SAMPLES = 240


@dataclass(slots=True)
class Stretch:
    """Sound without a break at its source, from ``start_s`` of the queue's own count on."""

    start_s: float
    shift_s: float  # media time = position in the queue + this
    clock: SourceClock
    seamless: bool = False  # the break was noticed afterwards: nothing is to be put in


@dataclass(slots=True)
class _Doubt:
    """A late packet began a new stretch; whether rightly, its followers will say."""

    before: SourceClock
    before_shift_s: float
    gap_s: float
    began_s: float
    back_since_s: float | None = None  # when its followers were back on the old line


@dataclass(slots=True)
class _Suspicion:
    """Loud sound was followed by a late packet: late, as long as not all its followers are."""

    gap_s: float
    least_s: float
    began_s: float


class SoundLine:
    """Maps positions in a queue of sound to the local time at which they left their source.

    With pts, media time is the pts. Without, it is the sample count, and a provider that sends
    nothing for its silence makes the count stand still: sound that comes much too late begins a
    new stretch, unless what follows makes up for the lost time (then the network had stalled).
    A short gap after loud sound is first taken for the network's: speech ends softly.
    """

    def __init__(self, fifo: PcmFifo) -> None:
        self._fifo = fifo
        self._pts = PtsReader()
        self._stretches: deque[Stretch] = deque()
        self._doubt: _Doubt | None = None
        self._undo: tuple[SourceClock, float, _Doubt] | None = None
        self._suspicion: _Suspicion | None = None
        self._last: PcmData | None = None
        self._by_pts = False
        self._was_cut = False  # and nothing came since
        self.arrived_s: float | None = None
        """When sound came last."""

    @property
    def clock(self) -> SourceClock:
        """Of the newest stretch."""
        return self._stretches[-1].clock if self._stretches else _UNBORN

    @property
    def jitter_s(self) -> float:
        before = self._doubt.before.jitter_s if self._doubt else 0.0
        return max(self.clock.jitter_s, before)

    def break_line(self) -> SourceClock:
        """What comes next begins a new stretch: a flush, or another source. Returns its clock."""
        clock = SourceClock(self.clock)
        self._begin(self._fifo.written_s, 0.0, clock)
        self._doubt = self._undo = self._suspicion = None
        self._was_cut = False
        self._pts.restart()
        return clock

    def cut(self) -> None:
        """What is queued was dropped. Time stamps go on over a flush, a count does not."""
        if not self._by_pts or self.clock.steady:
            self.break_line()
            return
        self._begin(self._fifo.written_s, self._stretches[-1].shift_s, self.clock)
        self._was_cut = True

    def line_clock(self) -> SourceClock:
        """The clock that the next sound will be mapped by."""
        return self._stretches[-1].clock if self._stretches else self.break_line()

    def stretch(self) -> Stretch:
        """The stretch that the next sample of the queue lies in."""
        head_s = self._fifo.head_s + 1e-6
        while len(self._stretches) > 1 and self._stretches[1].start_s <= head_s:
            self._stretches.popleft()
        return self._stretches[0]

    def next_break_s(self) -> float | None:
        """Position at which the next stretch begins; None when the sound goes on unbroken."""
        return self._stretches[1].start_s if len(self._stretches) > 1 else None

    def captured_s(self, position_s: float, now_s: float) -> float:
        """Local time at which the sample at ``position_s`` of the present stretch was produced."""
        stretch = self.stretch()
        return stretch.clock.origin(now_s) + position_s + stretch.shift_s

    def end_s(self, now_s: float) -> float:
        """Local time at which the end of what is queued was produced."""
        newest = self._stretches[-1]
        return newest.clock.origin(now_s) + self._fifo.written_s + newest.shift_s

    def push(
        self, pcm: PcmData, now_s: float, head_start_s: float, pictures_s: float | None = None
    ) -> None:
        """Sound came; to be called before it is queued. The last picture came at ``pictures_s``."""
        if not self._stretches:
            self.break_line()
        position = self._fifo.written_s
        reading = self._pts.read(pcm.pts, pcm.time_base, now_s)
        self._by_pts = reading is not None
        if reading is None:
            self._count(position, now_s, head_start_s)
        else:
            alone = went_on(pictures_s, self.arrived_s)
            self._follow_pts(position, reading, now_s, head_start_s, alone=alone)
        self.arrived_s, self._last = now_s, pcm

    @property
    def _last_s(self) -> float:
        return self._last.duration if self._last is not None else 0.0

    # ------------------------------------------------------------------------- with pts
    def _follow_pts(
        self, position: float, reading: Reading, now_s: float, head_start_s: float, *, alone: bool
    ) -> None:
        newest, media = self._stretches[-1], reading.media_s
        shift = media - position
        if self._was_cut:
            self._was_cut = False
            if not newest.clock.is_near(media, now_s):
                self.break_line()
                newest = self._stretches[-1]
        if newest.clock.began_s is None:
            newest.shift_s = shift
        elif reading.anew and newest.clock.is_far(media, now_s):
            newest = self._begin(position, shift, SourceClock(newest.clock))
        elif abs(shift - newest.shift_s) > 0.002:
            newest = self._begin(position, shift, newest.clock)
        newest.clock.observe(media, now_s, head_start_s, alone=alone)

    def _begin(self, position: float, shift: float, clock: SourceClock) -> Stretch:
        while self._stretches and self._stretches[-1].start_s >= position:
            self._stretches.pop()  # nothing of it came
        stretch = Stretch(position, shift, clock)
        self._stretches.append(stretch)
        return stretch

    # --------------------------------------------------------------------- by sample count
    def _count(self, position: float, now_s: float, head_start_s: float) -> None:
        newest = self._stretches[-1]
        if newest.clock.began_s is not None:
            if self._undo is not None:
                self._reconsider(newest, position, now_s)
            if self._doubt is not None:
                self._judge(newest, position, now_s)
            newest = self._doubt_if_late(newest, position, now_s)
        newest.clock.observe(position + newest.shift_s, now_s, head_start_s)

    def _doubt_if_late(self, newest: Stretch, position: float, now_s: float) -> Stretch:
        clock = newest.clock
        late = now_s - position - newest.shift_s - clock.origin(now_s)
        if late <= policy.GAP_LEAST_S and self._suspicion is None:
            return newest
        if late >= policy.SUSPECT_MOST_S or not self._suspect(clock, late, now_s):
            if late <= max(policy.GAP_LEAST_S, policy.GAP_JITTERS * clock.jitter_s):
                return newest
            self._doubt = _Doubt(clock, newest.shift_s, late, now_s)
            self._suspicion = None
            return self._begin(position, newest.shift_s, SourceClock(clock))
        suspicion = self._suspicion
        if suspicion is None or now_s - suspicion.began_s < policy.SUSPECT_S:
            return newest
        self._suspicion = None  # nobody came back: it was a gap
        began = SourceClock(clock, until_s=suspicion.began_s)
        stretch = self._begin(position, newest.shift_s, began)
        stretch.seamless = True
        return stretch

    def _suspect(self, clock: SourceClock, late: float, now_s: float) -> bool:
        """Whether a late packet may be the network's fault."""
        suspicion = self._suspicion
        if suspicion is not None:
            suspicion.least_s = min(suspicion.least_s, late)
            if suspicion.least_s < policy.SUSPECT_SHARE * suspicion.gap_s:
                self._suspicion = None
            return True
        if late <= max(policy.GAP_LEAST_S, policy.GAP_JITTERS * clock.jitter_s):
            return True
        began_s = clock.began_s if clock.began_s is not None else now_s
        established = now_s - began_s > policy.ESTABLISHED_S
        if established and late > policy.ESTABLISHED_JITTERS * clock.jitter_s:
            return False
        if self._last is None or peak(self._last.samples[..., -_TAIL_SAMPLES:]) <= LOUD:
            return False
        self._suspicion = _Suspicion(late, late, now_s)
        return True

    def _judge(self, newest: Stretch, position: float, now_s: float) -> None:
        """Whether the sound since the break is back on the line from before it."""
        doubt = self._doubt
        assert doubt is not None
        late = now_s - position - doubt.before_shift_s - doubt.before.origin(now_s)
        tolerance = policy.MADE_UP_S + doubt.before.jitter_s
        since = now_s - doubt.began_s
        if late < -tolerance:  # it came from before the break: a source faster than real time
            doubt.back_since_s = None
            if since > policy.CONFIRM_S:
                self._doubt = None
        elif late <= tolerance:
            if doubt.back_since_s is None:
                doubt.back_since_s = now_s
            at_once = since <= policy.BURST_S + policy.BURST_SHARE * doubt.gap_s
            if at_once or now_s - doubt.back_since_s >= policy.CONFIRM_S:
                self._undo = (newest.clock, newest.shift_s, doubt) if at_once else None
                newest.clock, newest.shift_s = doubt.before, doubt.before_shift_s
                self._doubt = None
        elif since > policy.DOUBT_S + policy.DOUBT_SHARE * doubt.gap_s:
            self._doubt = None

    def _reconsider(self, newest: Stretch, position: float, now_s: float) -> None:
        """A backlog that runs on past the old line was no backlog."""
        assert self._undo is not None
        clock, shift, doubt = self._undo
        late = now_s - position - newest.shift_s - newest.clock.origin(now_s)
        if now_s - doubt.began_s > policy.BURST_S + policy.BURST_SHARE * doubt.gap_s:
            self._undo = None
        elif late < -(policy.MADE_UP_S + doubt.before.jitter_s + self._last_s + 0.05):
            newest.clock, newest.shift_s = clock, shift
            self._undo = None


_UNBORN = SourceClock()
