"""The sync engine: the sound's playout is the clock, and the pictures follow.

Pure: no asyncio, no I/O, no clock of its own; every call says what time it is (monotonic seconds,
or seconds of samples pulled in offline mode, but always the same kind).
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

import numpy as np

from vision_agents.core.media.fifo import PcmFifo, PcmReader, Span
from vision_agents.core.media.playout import (
    ChunkCutter,
    Pulled,
    count_chunks,
    peek_chunks,
    pop_chunk,
)
from vision_agents.core.sync import policy
from vision_agents.core.sync.delay import DelayControl, Source
from vision_agents.core.sync.pictures import PictureQueue
from vision_agents.core.sync.playhead import Playhead
from vision_agents.core.sync.report import Counters, OffsetLog, SyncReport
from vision_agents.core.sync.sound import SoundLine

if TYPE_CHECKING:
    from vision_agents.core.media.chunks import AudioOutputChunk
    from vision_agents.core.sync.clock import SourceClock

__all__ = ["Shown", "SyncEngine"]

T = TypeVar("T")

_VIRTUAL_RATE_HZ = 48_000
_VIRTUAL_SAMPLES = 960
_VIRTUAL_STEP_S = _VIRTUAL_SAMPLES / _VIRTUAL_RATE_HZ


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
        self.source = Source()
        """What its owner knows of the source of the media."""
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
        self._by_chunks = False  # the reader takes chunks, at a pace of its own
        self._delay = DelayControl(
            self._fifo, self._sound, self._pictures, self._playhead, self.counters, self.source
        )

    # ------------------------------------------------------------------------- what comes in
    def push(self, chunk: AudioOutputChunk, now_s: float) -> None:
        """Sound came, or an utterance ended."""
        self.source.given_up = False
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
        self.source.given_up = False
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
        if self.source.on_demand:
            return
        self.source.on_demand = True
        if not self._shared:  # else the mapping cannot come apart, and may follow a slow source
            self._sound.line_clock().steady = self._pictures.clock.steady = True

    # -------------------------------------------------------------------------- sound goes out
    def lead(self, lead_s: float, now_s: float) -> None:
        """Sound waits ``lead_s`` behind the engine, in the queue of an edge that pushes: what is
        pulled so early must be there so early."""
        self._delay.lead_s = lead_s
        if self._delay.stretch is None:
            self._playhead.play(now_s, now_s - self._delay.target_s)

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
        if self._delay.stretch is None or reader is None or not reader.available_s:
            return []
        missed_s = now_s - self._sound.captured_s(reader.head_s, now_s) - self._delay.target_s
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
                self._delay.stretch = None
            time_s, left = start_s + filled / rate_hz, samples - filled
            wait_s = self._delay.silence_before(reader, time_s, left / rate_hz, spans)
            if wait_s > 0:
                step = min(left, max(1, round(wait_s * rate_hz)))
                filled, silent = filled + step, silent + step
                continue
            self._playhead.play(time_s, self._sound.captured_s(reader.head_s, time_s))
            stop = filled + self._until_break(reader, left)
            count = reader.read_into(out, filled, stop, spans, stop_at_end=True)
            loud |= self._delay.note(out[..., filled : filled + count], rate_hz)
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
            if not self.buffered_s and not self._fifo.ends and not self._delay.holding:
                self._delay.rest(self._end_s, until_s - self._end_s)
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
        if self.source.parked or self._fifo.ends or self.buffered_s >= length_s - 1e-9:
            return True
        if not self.buffered_s or self._delay.stretch is not None or self._end_s is None:
            return False
        due_s = self._sound.captured_s(self._fifo.head_s, self._end_s) + self._delay.target_s
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
        if self._delay.stretch is not None and not self.source.parked:  # speech has run out
            return 0.0
        return newest_s - position_s if newest_s is not None else 0.0

    def covers(self, time_s: float) -> bool:
        """Offline: whether the picture for ``time_s`` is there, or will not come by waiting."""
        newest_s = self._pictures.newest_s(time_s)
        wanted_s = self._playhead.at(time_s) - self._later_s - self._interval_s / 2
        return self.source.silent or (newest_s is not None and newest_s >= wanted_s)

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
        return Shown(taken.frame, self._pictures.phase_step_s(early_s, self._interval_s))

    # ------------------------------------------------------------------------------ cutting
    def clear(self, now_s: float) -> None:
        """Drop all sound that is queued."""
        self._fifo.clear()
        self._cutter.reset()
        if self._reader is not None:
            self._reader.discard()
        self._sound.cut()
        self._delay.cut()
        # Nobody holds more than the packet under way: an edge that pushes was emptied as well.
        self._end_s = None
        self._playhead.play(now_s, now_s - self._delay.target_s)

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


def _head_start(own: SourceClock, other: SourceClock, now_s: float) -> float:
    """By how much the other stream began earlier than this one."""
    if other.began_s is None:
        return 0.0
    return max(0.0, (own.began_s if own.began_s is not None else now_s) - other.began_s)
