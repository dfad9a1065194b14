"""The sync engine: the sound's playout is the clock, and the pictures follow.

Pure: no asyncio, no I/O, no clock of its own; every call says what time it is (monotonic seconds,
or seconds of samples pulled in offline mode, but always the same kind).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

import numpy as np

from vision_agents.core.media.fifo import PcmFifo, PcmReader, Span, peak
from vision_agents.core.media.playout import (
    ChunkCutter,
    Pulled,
    count_chunks,
    peek_chunks,
    pop_chunk,
)
from vision_agents.core.media.utterances import LOUD
from vision_agents.core.sync import policy
from vision_agents.core.sync.pictures import PictureQueue
from vision_agents.core.sync.playhead import Playhead
from vision_agents.core.sync.report import Counters, OffsetLog, SyncReport
from vision_agents.core.sync.sound import SoundLine, Stretch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vision_agents.core.media.chunks import AudioOutputChunk
    from vision_agents.core.sync.clock import SourceClock

__all__ = ["Shown", "SyncEngine"]

T = TypeVar("T")

_VIRTUAL_RATE_HZ = 48_000
_VIRTUAL_SAMPLES = 960
_VIRTUAL_STEP_S = _VIRTUAL_SAMPLES / _VIRTUAL_RATE_HZ
_TAIL_SAMPLES = 480


class Shown(NamedTuple, Generic[T]):
    """What a tick shows: a new picture, or None for the last one again.

    ``correction_s``: the next tick is better this much later; it locks ticks to the source.
    """

    picture: T | None
    correction_s: float = 0.0


class SyncEngine(Generic[T]):
    """Takes sound and pictures as they come, gives both out in step.

    ``T`` is the type of a picture; the engine never looks inside one. ``trim_s`` shows pictures
    that much later. ``skew_s`` is how much later than its picture the sound is received.
    """

    def __init__(
        self,
        fps: float,
        max_pictures: int,
        *,
        trim_s: float = 0.0,
        skew_s: float = 0.0,
        shared_timeline: bool = False,
    ) -> None:
        self.counters = Counters()
        self.parked = False
        """The source waits for demand: what is missing will not come before time moves on."""
        self._lead_s = 0.0  # how long sound waits behind the engine until it is heard
        self._on_demand = False
        self.given_up = False
        """Offline: nothing came for as long as the reader would wait; until something does."""
        self._interval_s = 1 / fps
        self._later_s = trim_s + skew_s
        self._shared = shared_timeline
        self._fifo = PcmFifo()
        self._cutter = ChunkCutter(self._fifo)
        self._sound = SoundLine(self._fifo)
        self._reader: PcmReader | None = None
        self._pictures: PictureQueue[T] = PictureQueue(max_pictures)
        self._playhead = Playhead(policy.DEPTH_S)
        self._offsets = OffsetLog()
        self._end_s: float | None = None  # until when sound was given out
        self._pulled_s: float | None = None  # when sound was pulled last
        self._short_since_s: float | None = None  # since when pictures are late for their sound
        self._by_chunks = False  # the reader takes chunks, at a pace of its own
        self._stretch: Stretch | None = None  # that plays; None in silence
        self._last: NDArray[np.int16] = np.zeros(0, np.int16)  # the sound given out last
        self._quiet_s = 0.0  # how long that has been silent
        self._hold: _Hold | None = None

    # ------------------------------------------------------------------------- what comes in
    def push(self, chunk: AudioOutputChunk, now_s: float) -> None:
        """Sound came, or an utterance ended."""
        self.given_up = False
        pcm = chunk.data
        if pcm is not None and len(pcm):
            if self._end_s is None:
                self._end_s = now_s
            head_start = _head_start(self._sound.clock, self._pictures.clock, now_s)
            self._sound.push(pcm, now_s, head_start, self._pictures.arrived_s)
            self._fifo.push(pcm, chunk.utterance_id, chunk.marks)
        if chunk.final:
            self._fifo.end(chunk.utterance_id)

    def push_picture(
        self, frame: T, pts: int | None, time_base: Fraction | None, now_s: float
    ) -> None:
        """A picture came."""
        self.given_up = False
        if self._end_s is None:
            self._end_s = now_s
        head_start = _head_start(self._pictures.clock, self._sound.clock, now_s)
        shared = self._sound.line_clock() if self._shared else None
        soon_s = self._playhead.at(now_s) - self._later_s + self._interval_s
        self._pictures.push(
            frame, pts, time_base, now_s, head_start, shared, soon_s, self._sound.arrived_s
        )

    def new_source(self) -> None:
        """The media that follow come from another source; what is queued stays."""
        self._sound.break_line()
        self._pictures.forget()

    def serve_on_demand(self) -> None:
        """The source makes its media when they are asked for: when they come says nothing about
        a network, so neither the depth nor the mapping follows it."""
        if self._on_demand:
            return
        self._on_demand = True
        if not self._shared:  # else the mapping cannot come apart, and may follow a slow source
            self._sound.line_clock().steady = self._pictures.clock.steady = True

    # -------------------------------------------------------------------------- sound goes out
    @property
    def target_s(self) -> float:
        """How long media should wait, for the jitter seen."""
        if self._on_demand:
            return policy.DEPTH_S
        jitter = max(self._sound.jitter_s, self._pictures.jitter_s)
        return self._lead_s + max(policy.DEPTH_S, policy.PULL_S + jitter)

    def lead(self, lead_s: float, now_s: float) -> None:
        """Sound waits ``lead_s`` behind the engine, in the queue of an edge that pushes: what is
        pulled so early must be there so early."""
        self._lead_s = lead_s
        if self._stretch is None:
            self._playhead.play(now_s, now_s - self.target_s)

    @property
    def buffered_s(self) -> float:
        return self._fifo.buffered_s + (self._reader.held_s if self._reader else 0.0)

    def pull(self, samples: int, rate_hz: int, channels: int, now_s: float) -> Pulled:
        """Exactly ``samples`` for the listener, the first heard at ``now_s``."""
        self._by_chunks = False
        away = self._pulled_s is None or now_s - self._pulled_s > policy.AWAY_S
        missed = self._rejoin(now_s) if away else []
        self._pulled_s = now_s
        pulled = self._fill(samples, rate_hz, channels, self._heard_at(now_s))
        return pulled._replace(spans=[*missed, *pulled.spans]) if missed else pulled

    def _rejoin(self, now_s: float) -> list[Span]:
        """A listener came back: forget what it missed, so that it hears the present."""
        reader = self._reader
        if self._stretch is None or reader is None or not reader.available_s:
            return []
        missed_s = now_s - self._sound.captured_s(reader.head_s, now_s) - self.target_s
        if missed_s > 0:
            count, spans = reader.skip(round(missed_s * reader.rate_hz))
            self.counters.discarded_s += count / reader.rate_hz
            return spans
        return []

    def _heard_at(self, now_s: float) -> float:
        """A consumer that pulls in bursts plays them one after the other."""
        early = self._end_s - now_s if self._end_s is not None else 0.0
        return now_s + early * (1 - policy.EARLY_LEAK) if early > policy.EARLY_PULL_S else now_s

    def _fill(self, samples: int, rate_hz: int, channels: int, start_s: float) -> Pulled:
        reader = self._open_reader(rate_hz, channels)
        out = np.zeros(samples if channels == 1 else (channels, samples), np.int16)
        spans: list[Span] = []
        filled = silent = 0
        loud = False
        while filled < samples:
            if self._fifo.ends and (ended := reader.pass_ends()):
                spans += ended
                self._stretch = None
            time_s, left = start_s + filled / rate_hz, samples - filled
            wait_s = self._silence_before(reader, time_s, left / rate_hz, spans)
            if wait_s > 0:
                step = min(left, max(1, round(wait_s * rate_hz)))
                filled, silent = filled + step, silent + step
                continue
            self._playhead.play(time_s, self._sound.captured_s(reader.head_s, time_s))
            stop = filled + self._until_break(reader, left)
            count = reader.read_into(out, filled, stop, spans, stop_at_end=True)
            loud |= self._note(out[..., filled : filled + count], rate_hz)
            filled += count
        self._end_s = start_s + samples / rate_hz
        return Pulled(out, spans, start_s, silent / rate_hz, loud)

    def _open_reader(self, rate_hz: int, channels: int) -> PcmReader:
        reader = self._reader
        if reader is None or (reader.rate_hz, reader.channels) != (rate_hz, channels):
            reader = self._reader = PcmReader(self._fifo, rate_hz, channels)
        return reader

    def _until_break(self, reader: PcmReader, samples: int) -> int:
        """As many of ``samples`` as belong to the stretch that plays."""
        break_s = self._sound.next_break_s()
        if break_s is None:
            return samples
        return max(1, min(samples, round((break_s - reader.head_s) * reader.rate_hz)))

    def _note(self, got: NDArray[np.int16], rate_hz: int) -> bool:
        """Remember what was given out; whether it was loud."""
        if not got.size:
            return False
        loud = peak(got) > LOUD
        self._last = got
        self._quiet_s = 0.0 if loud else self._quiet_s + got.shape[-1] / rate_hz
        return loud

    def _silence_before(
        self, reader: PcmReader, now_s: float, left_s: float, spans: list[Span]
    ) -> float:
        """Seconds of silence that go out before the next sound; 0 when it is due."""
        if reader.available_s < 1e-9:
            return self._starve(now_s, left_s)
        if self._hold is not None and self._scanty(reader, now_s):
            return self._keep_holding(now_s, left_s)
        stretch = self._sound.stretch()
        if stretch is self._stretch:
            if self._hold is None:
                return self._adapt(reader, now_s, left_s, spans)
            self._hold = None
            return 0.0
        captured_s = self._sound.captured_s(reader.head_s, now_s)
        wait_s = captured_s + self.target_s - now_s
        hold = self._hold
        noticed_late = stretch.seamless and self._stretch is not None
        short_hole = hold is not None and hold.position_s + policy.BREAK_MOST_S > captured_s
        if noticed_late or short_hole:
            wait_s = 0.0
        if wait_s > 1e-5:
            self._hold = None
            self._settle(now_s, left_s)
            return min(wait_s, left_s)
        self._stretch, self._hold = stretch, None
        return 0.0

    # ------------------------------------------------------------------ when the sound is out
    def _starve(self, now_s: float, left_s: float) -> float:
        """Nothing is there: the utterance is over, or the network is late in mid-speech."""
        if self._hold is None and self._stretch is not None:
            cut = peak(self._last[..., -_TAIL_SAMPLES:]) > LOUD
            cut = cut and not (self.parked or self.given_up)
            position_s = self._playhead.at(now_s)
            if cut:
                self._hold = _Hold(position_s, now_s - position_s)
            else:
                self._stretch = None
        if self._hold is not None:
            return self._keep_holding(now_s, left_s)
        self._settle(now_s, left_s)
        return left_s

    def _scanty(self, reader: PcmReader, now_s: float) -> bool:
        """Whether so little came after a hole that another hole would follow at once."""
        fresh = now_s - (self._sound.arrived_s or 0.0) < 2 * policy.REBUFFER_S
        return fresh and not self._fifo.ends and reader.available_s < policy.REBUFFER_S - 1e-6

    def _keep_holding(self, now_s: float, left_s: float) -> float:
        """Silence in mid-speech: the picture waits too, within reason."""
        hold = self._hold
        assert hold is not None
        arrived_s = self._pictures.arrived_s
        if arrived_s is not None and now_s - arrived_s < policy.HOLD_SILENT_S:
            hold.spent_s += left_s
        if hold.spent_s > policy.HOLD_S or self.parked or self.given_up:
            self._hold = self._stretch = None
            self._playhead.play(now_s, now_s - hold.delay_s)
        else:
            self.counters.inserted_silence_s += left_s
            self._playhead.play(now_s, hold.position_s, 0.0)
        return left_s

    def _settle(self, now_s: float, for_s: float) -> None:
        """Silence: let the delay drift to its target, pictures a little faster or slower."""
        delay_s = now_s - self._playhead.at(now_s)
        excess_s = delay_s - self.target_s
        rate = 1.0
        if excess_s > policy.DEPTH_SLACK_S / 4:
            rate += min(excess_s / for_s, 1.0)
        elif excess_s < -policy.DEPTH_SLACK_S / 4:
            rate -= min(-excess_s / for_s, 0.25)
        self._playhead.play(now_s, now_s - delay_s, rate)

    def _adapt(self, reader: PcmReader, now_s: float, left_s: float, spans: list[Span]) -> float:
        """Mend the delay while sound goes on: leave silence out, or let silence in."""
        captured_s = self._sound.captured_s(reader.head_s, now_s)
        delay_s = now_s - captured_s
        if self._quiet_s:
            excess_s = delay_s - self.target_s
            if excess_s > policy.DEPTH_SLACK_S:
                self._shorten(reader, excess_s, spans)
                return 0.0
            if excess_s < -policy.DEPTH_SLACK_S and self._is_quiet(policy.REBUFFER_S):
                self._playhead.play(now_s, captured_s, 0.0)
                return min(-excess_s, left_s)
        return self._wait_for_pictures(delay_s, now_s, left_s)

    def _wait_for_pictures(self, delay_s: float, now_s: float, left_s: float) -> float:
        """Silence that lets pictures be in time which come late again and again."""
        short_s = 0.0 if self._on_demand else self._pictures.needs_s - delay_s
        if self._short_since_s is None:
            if short_s > policy.DEPTH_SLACK_S:
                self._short_since_s = now_s
            return 0.0
        if short_s <= 1e-4 or short_s > policy.JITTER_MOST_S:
            self._short_since_s = None
            return 0.0
        sure = self._pictures.clock.held_s > 0 or now_s - self._short_since_s >= policy.LATE_S
        if not sure and not self._is_quiet(policy.REBUFFER_S):
            return 0.0
        wait_s = min(short_s, left_s)
        self.counters.inserted_silence_s += wait_s
        self._playhead.play(now_s, now_s - delay_s, 0.0)
        return wait_s

    def _is_quiet(self, for_s: float) -> bool:
        return self._fifo.peek_level(for_s) <= LOUD

    def _shorten(self, reader: PcmReader, excess_s: float, spans: list[Span]) -> None:
        """Leave out what is silent and not needed as a pause."""
        step_s = policy.REBUFFER_S
        while excess_s > policy.DEPTH_SLACK_S and self._quiet_s >= policy.SILENCE_KEPT_S:
            if reader.available_s < 2 * step_s or not self._is_quiet(2 * step_s):
                break
            count, more = reader.skip(round(step_s * reader.rate_hz))
            spans += more
            skipped_s = count / reader.rate_hz
            self.counters.shortened_silence_s += skipped_s
            excess_s -= skipped_s

    # ------------------------------------------------------------------- other ways to read
    def pop(self, now_s: float) -> tuple[AudioOutputChunk, Span] | None:
        """A chunk for a reader that plays them one after the other, at a pace of its own."""
        if not self._cutter.ready:
            return None
        self._by_chunks = True
        heard_s = max(now_s, self._end_s or now_s)
        if self._fifo.head is not None:
            self._playhead.play(heard_s, self._sound.captured_s(self._fifo.head_s, now_s))
        got = pop_chunk(self._cutter)
        self._end_s = heard_s + (got[1].duration_s if got is not None else 0.0)
        return got

    def advance(self, now_s: float) -> list[Pulled]:
        """Where nobody pulls, run on; the sound is discarded unheard in its time."""
        out: list[Pulled] = []
        if self._end_s is None or self._by_chunks:
            return out
        until_s = now_s - policy.RUN_ON_S
        while until_s - self._end_s >= _VIRTUAL_STEP_S:
            if not self.buffered_s and not self._fifo.ends and self._hold is None:
                self._stretch = None
                self._settle(self._end_s, until_s - self._end_s)
                self._end_s = until_s
                break
            pulled = self._fill(_VIRTUAL_SAMPLES, _VIRTUAL_RATE_HZ, 1, self._end_s)
            if pulled.spans:
                self.counters.discarded_s += sum(span.duration_s for span in pulled.spans)
                out.append(pulled._replace(heard=False))
        return out

    def ready(self, samples: int, rate_hz: int) -> bool:
        """Offline: whether a pull would not starve."""
        length_s = samples / rate_hz
        if self.parked or self._fifo.ends or self.buffered_s >= length_s - 1e-9:
            return True
        if not self.buffered_s or self._stretch is not None or self._end_s is None:
            return False
        due_s = self._sound.captured_s(self._fifo.head_s, self._end_s) + self.target_s
        return due_s >= self._end_s + length_s

    def peek(self) -> list[AudioOutputChunk]:
        return peek_chunks(self._fifo)

    @property
    def size(self) -> int:
        return count_chunks(self._fifo)

    def ahead_s(self, now_s: float) -> float:
        """How far the sound, or the pictures where there is none, reach beyond what is heard."""
        position_s = self._playhead.at(now_s)
        newest_s = self._pictures.newest_s(now_s)
        if self.buffered_s:
            return self._sound.end_s(now_s) - position_s
        if self._stretch is not None and not self.parked:  # speech has run out
            return 0.0
        return newest_s - position_s if newest_s is not None else 0.0

    def covers(self, time_s: float) -> bool:
        """Offline: whether the picture for ``time_s`` is there, or will not come by waiting."""
        newest_s = self._pictures.newest_s(time_s)
        wanted_s = self._playhead.at(time_s) - self._later_s - self._interval_s / 2
        return self.parked or self.given_up or (newest_s is not None and newest_s >= wanted_s)

    # ------------------------------------------------------------------------ pictures go out
    def tick(self, now_s: float) -> Shown[T]:
        """What to show now: the picture whose moment is nearest."""
        position_s = self._playhead.at(now_s) - self._later_s
        taken, skipped = self._pictures.take(position_s + self._interval_s / 2, now_s)
        counters = self.counters
        if taken is None:
            counters.repeated += 1
            return Shown(None)
        counters.shown += 1
        counters.dropped += len(skipped)
        waited_s = now_s - position_s
        counters.late += sum(
            picture.arrived_s - picture.captured_s(now_s) > waited_s for picture in skipped
        )
        early_s = taken.captured_s(now_s) - position_s
        self._offsets.add(-early_s)
        return Shown(taken.frame, self._lock(early_s))

    def _lock(self, early_s: float) -> float:
        """How to move the next tick so that pictures fall on ticks, where the rates agree."""
        source_s = self._pictures.interval_s
        if not source_s or source_s <= 0:
            return 0.0
        ratio = source_s / self._interval_s
        ratio = ratio if ratio >= 1 else 1 / ratio
        if abs(ratio - round(ratio)) > policy.LOCK_RATIO * ratio:
            return 0.0
        most_s = policy.LOCK_STEP * self._interval_s
        return max(-most_s, min(most_s, policy.LOCK_GAIN * early_s))

    # ------------------------------------------------------------------------------ cutting
    def clear(self, now_s: float) -> None:
        """Drop all sound that is queued."""
        self._fifo.clear()
        self._cutter.reset()
        if self._reader is not None:
            self._reader.discard()
        self._sound.cut()
        self._stretch = self._hold = None
        self._quiet_s = 0.0
        # Nobody holds more than the packet under way: an edge that pushes was emptied as well.
        self._end_s = None
        self._playhead.play(now_s, now_s - self.target_s)

    def clear_pictures(self) -> None:
        """Drop all pictures that wait."""
        self.counters.flushes += 1
        self._pictures.clear()

    def report(self, now_s: float) -> SyncReport:
        """What happened since the last report."""
        p50, p95 = self._offsets.take()
        counters = self.counters
        return SyncReport(
            at_s=now_s,
            offset_ms_p50=p50,
            offset_ms_p95=p95,
            depth_s=self.buffered_s,
            delay_s=now_s - self._playhead.at(now_s),
            jitter_s=max(self._sound.jitter_s, self._pictures.jitter_s),
            shown=counters.shown,
            repeated=counters.repeated,
            dropped=counters.dropped,
            late=counters.late,
            thinned=self._pictures.thinned,
            inserted_silence_s=counters.inserted_silence_s,
            shortened_silence_s=counters.shortened_silence_s,
            discarded_s=counters.discarded_s,
            flushes=counters.flushes,
        )


@dataclass(slots=True)
class _Hold:
    """The sound stopped in mid-speech at ``position_s``."""

    position_s: float
    delay_s: float
    spent_s: float = 0.0


def _head_start(own: SourceClock, other: SourceClock, now_s: float) -> float:
    """By how much the other stream began earlier than this one."""
    if other.began_s is None:
        return 0.0
    return max(0.0, (own.began_s if own.began_s is not None else now_s) - other.began_s)
