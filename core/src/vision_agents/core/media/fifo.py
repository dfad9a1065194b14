"""The queue of sound under every stream: pieces in, any number of samples at any rate out."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from vision_agents.core.media.levels import peak
from vision_agents.core.media.pcm import PcmData
from vision_agents.core.media.resample import Resampler

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vision_agents.core.media.chunks import Mark

__all__ = ["PcmFifo", "PcmReader", "Span"]


@dataclass(slots=True)
class _Piece:
    pcm: PcmData
    count: int  # samples in it
    utterance_id: int
    marks: tuple[Mark, ...]
    used: int = 0  # samples already taken

    @property
    def left_s(self) -> float:
        return (self.count - self.used) / self.pcm.sample_rate


@dataclass(slots=True)
class _End:
    utterance_id: int


class Span(NamedTuple):
    """Sound that was taken out: what it belonged to. ``marks`` count from the span's start."""

    duration_s: float
    utterance_id: int
    marks: tuple[Mark, ...] = ()
    final: bool = False


@dataclass(slots=True)
class PcmFifo:
    """Sound in the order it came, kept as views in its own rate; nothing is copied on the way in.

    ``written_s`` counts all sound ever pushed: the media time of the next piece.
    """

    buffered_s: float = 0.0
    written_s: float = 0.0
    ends: int = 0
    _entries: deque[_Piece | _End] = field(default_factory=deque)

    def push(self, pcm: PcmData, utterance_id: int = 0, marks: tuple[Mark, ...] = ()) -> None:
        count = len(pcm)
        if not count:
            return
        if marks:  # one on the very edge belongs to this piece
            last_s = (count - 1) / pcm.sample_rate
            marks = tuple(m.shifted(min(max(m.at_s, 0.0), last_s) - m.at_s) for m in marks)
        self._entries.append(_Piece(pcm, count, utterance_id, marks))
        duration = count / pcm.sample_rate
        self.buffered_s += duration
        self.written_s += duration

    def end(self, utterance_id: int = 0) -> None:
        """Mark that the utterance ends here."""
        self._entries.append(_End(utterance_id))
        self.ends += 1

    def clear(self) -> None:
        self._entries.clear()
        self.buffered_s, self.ends = 0.0, 0

    @property
    def empty(self) -> bool:
        """Neither sound nor an end is queued."""
        return not self._entries

    @property
    def head_s(self) -> float:
        """Media time of the next sample out."""
        return self.written_s - self.buffered_s

    @property
    def head(self) -> PcmData | None:
        """The piece that the next sample lies in, whole; None where there is none."""
        first = self._entries[0] if self._entries else None
        return first.pcm if isinstance(first, _Piece) else None

    @property
    def head_utterance(self) -> int:
        """The utterance of the entry that stands first; 0 where there is none."""
        return self._entries[0].utterance_id if self._entries else 0

    def skip_end(self) -> _End | None:
        """Take the end that stands first, if one does."""
        if self._entries and isinstance(self._entries[0], _End):
            self.ends -= 1
            end = self._entries.popleft()
            assert isinstance(end, _End)
            return end
        return None

    def take(self, samples: int) -> tuple[NDArray[Any], Span] | None:
        """Up to ``samples`` of the piece that stands first (:attr:`head`), as a view."""
        first = self._entries[0] if self._entries else None
        if not isinstance(first, _Piece):
            return None
        rate, start, stop = first.pcm.sample_rate, first.used, first.used + samples
        out = first.pcm.samples
        if stop >= first.count:
            stop = first.count
            self._entries.popleft()
        first.used = stop
        if stop - start != first.count:
            out = out[..., start:stop]
        duration = (stop - start) / rate
        has_sound = len(self._entries) > self.ends
        self.buffered_s = self.buffered_s - duration if has_sound else 0.0
        marks = _marks_between(first.marks, start / rate, stop / rate) if first.marks else ()
        return out, Span(duration, first.utterance_id, marks)

    def peek_level(self, duration_s: float) -> int:
        """The largest magnitude (of 32767) within the next ``duration_s``."""
        level, left_s = 0, duration_s
        for entry in self._entries:
            if left_s <= 0:
                break
            if isinstance(entry, _Piece):
                stop = entry.used + max(1, round(left_s * entry.pcm.sample_rate))
                level = max(level, peak(entry.pcm.samples[..., entry.used : stop]))
                left_s -= entry.left_s
        return level

    def runs(self) -> list[tuple[float, bool]]:
        """Seconds of each utterance queued and whether its end is queued too."""
        out, total = [], 0.0
        for entry in self._entries:
            if isinstance(entry, _End):
                out.append((total, True))
                total = 0.0
            else:
                total += entry.left_s
        return [*out, (total, False)]

    def copy(self) -> PcmFifo:
        """A second queue over the same samples."""
        entries: deque[_Piece | _End] = deque(
            _Piece(e.pcm, e.count, e.utterance_id, e.marks, e.used) if isinstance(e, _Piece) else e
            for e in self._entries
        )
        return PcmFifo(self.buffered_s, self.written_s, self.ends, entries)


class PcmReader:
    """Takes sound out of a :class:`PcmFifo` at a fixed rate and channel count, s16."""

    def __init__(self, fifo: PcmFifo, rate_hz: int, channels: int) -> None:
        self.rate_hz, self.channels = rate_hz, channels
        self._fifo = fifo
        self._resampler = Resampler(rate_hz, channels)
        self._converting = False
        self._carry: NDArray[Any] | None = None

    @property
    def held_s(self) -> float:
        """Seconds taken out of the queue that were not read yet."""
        if self._carry is None and not self._converting:
            return 0.0
        carry = 0 if self._carry is None else self._carry.shape[-1]
        return self._resampler.held_s + carry / self.rate_hz

    @property
    def head_s(self) -> float:
        """Media time of the next sample."""
        return self._fifo.head_s - self.held_s

    @property
    def available_s(self) -> float:
        return self._fifo.buffered_s + self.held_s

    def discard(self) -> None:
        """Forget what was taken out but not read."""
        self._resampler.discard()
        self._converting = False
        self._carry = None

    def skip(self, samples: int) -> tuple[int, list[Span]]:
        """Read and throw away; how many there were."""
        shape = samples if self.channels == 1 else (self.channels, samples)
        spans: list[Span] = []
        return self.read_into(np.zeros(shape, np.int16), 0, samples, spans), spans

    def read_into(
        self,
        out: NDArray[np.int16],
        start: int,
        stop: int,
        spans: list[Span],
        *,
        stop_at_end: bool = False,
    ) -> int:
        """Fill ``out[..., start:stop]`` and say what it was in ``spans``; returns how many samples.

        Fewer only where the queue ran dry or, if asked, an end stands first; otherwise ends are
        passed over.
        """
        at = start
        while at < stop:
            part, self._carry = self._carry, None
            if part is None:
                if stop_at_end and self._fifo.ends and self._fifo.head is None:
                    break
                part = self._next(stop - at, spans)
            if part is None:
                break
            count = part.shape[-1]
            if count > stop - at:
                count = stop - at
                part, self._carry = part[..., :count], part[..., count:]
            out[..., at : at + count] = part
            at += count
        return at - start

    def pass_ends(self) -> list[Span]:
        """Take the ends that stand first, once all of their sound has been read."""
        if self._carry is not None or self._fifo.head is not None:
            return []
        rest = self._drain()
        if rest.shape[-1]:
            self._carry = rest
            return []
        spans = []
        while (end := self._fifo.skip_end()) is not None:
            spans.append(Span(0.0, end.utterance_id, final=True))
        return spans

    def _next(self, missing: int, spans: list[Span]) -> NDArray[Any] | None:
        """The next piece at our rate, about as long as ``missing``; None where nothing is left."""
        head = self._fifo.head
        if head is None:
            rest = self._drain()
            if rest.shape[-1]:
                return rest
            end = self._fifo.skip_end()
            if end is None:
                return None
            spans.append(Span(0.0, end.utterance_id, final=True))
            return rest
        rate = head.sample_rate
        as_it_is = rate == self.rate_hz and head.channels == self.channels and head.format == "s16"
        if as_it_is and self._converting:
            self._carry = None
            rest = self._drain()
            if rest.shape[-1]:
                return rest
        taken = self._fifo.take(missing if as_it_is else -(-missing * rate // self.rate_hz))
        assert taken is not None
        samples, span = taken
        spans.append(span)
        if as_it_is:
            return samples
        self._converting = True
        piece = PcmData(rate, head.format, samples, channels=head.channels)
        return self._resampler.push(piece).samples

    def _drain(self) -> NDArray[Any]:
        """What the converter still holds."""
        self._converting = False
        return self._resampler.drain().samples


def _marks_between(marks: tuple[Mark, ...], start_s: float, stop_s: float) -> tuple[Mark, ...]:
    return tuple(mark.shifted(-start_s) for mark in marks if start_s <= mark.at_s < stop_s)
