"""The queue of sound under every stream: pieces in, any number of samples at any rate out."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from vision_agents.core.media.pcm import PcmData
from vision_agents.core.media.resample import Resampler

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vision_agents.core.media.chunks import Mark

__all__ = ["PcmFifo", "PcmReader", "Span"]


@dataclass(slots=True)
class _Piece:
    pcm: PcmData
    utterance_id: int
    marks: tuple[Mark, ...]
    used: int = 0  # samples already taken

    @property
    def left(self) -> int:
        return len(self.pcm) - self.used


@dataclass(slots=True)
class _End:
    utterance_id: int


@dataclass(frozen=True, slots=True)
class Span:
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
        if pcm.empty:
            return
        last_s = (len(pcm) - 1) / pcm.sample_rate  # a mark on the very edge belongs to this piece
        inside = tuple(m.shifted(min(max(m.at_s, 0.0), last_s) - m.at_s) for m in marks)
        self._entries.append(_Piece(pcm, utterance_id, inside))
        self.buffered_s += pcm.duration
        self.written_s += pcm.duration

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

    def take(self, samples: int) -> tuple[PcmData, Span] | None:
        """Up to ``samples`` of the piece that stands first, at its own rate, as a view."""
        first = self._entries[0] if self._entries else None
        if not isinstance(first, _Piece):
            return None
        pcm, rate = first.pcm, first.pcm.sample_rate
        start, stop = first.used, min(first.used + samples, len(pcm))
        whole = start == 0 and stop == len(pcm)
        out = pcm if whole else PcmData(
            rate, pcm.format, pcm.samples[..., start:stop], channels=pcm.channels
        )  # fmt: skip
        marks = _marks_between(first.marks, start / rate, stop / rate) if first.marks else ()
        first.used = stop
        if not first.left:
            self._entries.popleft()
        duration = (stop - start) / rate
        has_sound = bool(self._entries) and len(self._entries) > self.ends
        self.buffered_s = self.buffered_s - duration if has_sound else 0.0
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
                left_s -= entry.left / entry.pcm.sample_rate
        return level

    def runs(self) -> list[tuple[float, bool]]:
        """Seconds of each utterance queued and whether its end is queued too."""
        out, total = [], 0.0
        for entry in self._entries:
            if isinstance(entry, _End):
                out.append((total, True))
                total = 0.0
            else:
                total += entry.left / entry.pcm.sample_rate
        return [*out, (total, False)]

    def copy(self) -> PcmFifo:
        """A second queue over the same samples."""
        entries: deque[_Piece | _End] = deque(
            _Piece(e.pcm, e.utterance_id, e.marks, e.used) if isinstance(e, _Piece) else e
            for e in self._entries
        )
        return PcmFifo(self.buffered_s, self.written_s, self.ends, entries)


class PcmReader:
    """Takes sound out of a :class:`PcmFifo` at a fixed rate and channel count, s16."""

    def __init__(self, fifo: PcmFifo, rate_hz: int, channels: int) -> None:
        self.rate_hz, self.channels = rate_hz, channels
        self._fifo = fifo
        self._resampler = Resampler(rate_hz, channels)
        self._carry: NDArray[np.int16] | None = None

    @property
    def held_s(self) -> float:
        """Seconds taken out of the queue that were not read yet."""
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
        self._carry = None

    def read(
        self, samples: int, *, stop_at_end: bool = False
    ) -> tuple[NDArray[np.int16], list[Span]]:
        """Up to ``samples``: fewer only where the queue ran dry or, if asked, an end stands first.
        Otherwise ends are passed over."""
        parts: list[NDArray[Any]] = []
        spans: list[Span] = []
        missing = samples
        if self._carry is not None:
            parts.append(self._carry)
            missing -= self._carry.shape[-1]
            self._carry = None
        while missing > 0:
            if stop_at_end and self._fifo.head is None and self._fifo.ends:
                break
            got = self._next(missing, spans)
            if got is None:
                break
            parts.append(got)
            missing -= got.shape[-1]
        out = _join(parts, self.channels)
        if missing < 0:
            self._carry = out[..., missing:]
            out = out[..., :missing]
        return out, spans

    def pass_ends(self) -> list[Span]:
        """Take the ends that stand first; what the filter held of their sound can be read next."""
        spans = []
        while (end := self._fifo.skip_end()) is not None:
            spans.append(Span(0.0, end.utterance_id, final=True))
        if spans:
            rest = self._resampler.drain().samples
            if rest.shape[-1]:
                self._carry = rest if self._carry is None else _join([self._carry, rest], 0)
        return spans

    def _next(self, missing: int, spans: list[Span]) -> NDArray[Any] | None:
        end = self._fifo.skip_end()
        if end is not None:
            spans.append(Span(0.0, end.utterance_id, final=True))
            return self._resampler.drain().samples
        head = self._fifo.head
        if head is None:
            rest = self._resampler.drain()
            return None if rest.empty else rest.samples
        wanted = -(-missing * head.sample_rate // self.rate_hz)
        taken = self._fifo.take(wanted)
        assert taken is not None
        pcm, span = taken
        spans.append(span)
        return self._resampler.push(pcm).samples


def peak(samples: NDArray[Any]) -> int:
    """The largest magnitude on the int16 scale."""
    if not samples.size:
        return 0
    top = max(abs(float(samples.max())), abs(float(samples.min())))
    return round(top * 32767) if samples.dtype.kind == "f" else int(top)


def _marks_between(marks: tuple[Mark, ...], start_s: float, stop_s: float) -> tuple[Mark, ...]:
    return tuple(mark.shifted(-start_s) for mark in marks if start_s <= mark.at_s < stop_s)


def _join(parts: list[NDArray[Any]], channels: int) -> NDArray[np.int16]:
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return np.zeros(0 if channels == 1 else (channels, 0), np.int16)
    return np.concatenate(parts, axis=-1)
