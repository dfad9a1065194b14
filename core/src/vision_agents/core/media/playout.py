"""What an audio stream plays from: a plain queue here; the sync engine brings its own."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from vision_agents.core.media.chunks import AudioOutputChunk
from vision_agents.core.media.fifo import PcmFifo, PcmReader, Span
from vision_agents.core.media.levels import LOUD, peak
from vision_agents.core.media.pcm import PcmData

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vision_agents.core.media.chunks import Mark

__all__ = ["ChunkCutter", "FifoPlayout", "Playout", "Pulled"]

CHUNKS_PER_S = 50


class Pulled(NamedTuple):
    """``samples`` s16, as many as were asked for; ``spans`` what in them was sound.

    ``heard_at_s`` is when the first of them reaches the listener; ``silence_s`` how much of them
    is silence that was put in; ``loud`` whether any of them can be heard at all.
    """

    samples: NDArray[np.int16]
    spans: Sequence[Span]
    heard_at_s: float
    silence_s: float
    loud: bool
    heard: bool = True
    """False: nobody pulled, and the sound was thrown away in its time."""


class Playout(Protocol):
    """Where a stream's sound waits until it is taken."""

    @property
    def buffered_s(self) -> float: ...

    def push(self, chunk: AudioOutputChunk, now_s: float, /) -> None: ...

    def pop(self, now_s: float, /) -> tuple[AudioOutputChunk, Span] | None:
        """The next exact 20 ms, if they are there; the reader takes them as fast as it likes."""
        ...

    def pull(self, samples: int, rate_hz: int, channels: int, now_s: float) -> Pulled:
        """Exactly ``samples`` for now; silence where there is nothing to play."""
        ...

    def ready(self, samples: int, rate_hz: int) -> bool:
        """Offline: whether a pull would be what a listener should get, without starving."""
        ...

    def clear(self, now_s: float, /) -> None: ...

    def advance(self, now_s: float, /) -> list[Pulled]:
        """Run on to ``now_s`` where nobody pulls; what was discarded unheard on the way."""
        ...

    def peek(self) -> list[AudioOutputChunk]: ...

    @property
    def size(self) -> int: ...


class ChunkCutter:
    """Cuts a queue into chunks of exactly 20 ms at the sound's own rate.

    A rate whose 20 ms are no whole number of samples (11025 Hz) alternates, so that no time is
    gained or lost. Where the rate changes inside a chunk, its first part is converted.
    """

    def __init__(self, fifo: PcmFifo) -> None:
        self._fifo = fifo
        self._cut = 0  # chunks since the utterance began
        self._open = False  # sound of the utterance was given out

    @property
    def ready(self) -> bool:
        return self._fifo.ends > 0 or self._fifo.buffered_s >= 1 / CHUNKS_PER_S - 1e-9

    def reset(self) -> None:
        self._cut, self._open = 0, False

    def next(self) -> AudioOutputChunk | None:
        """The next chunk; at an end the last one is filled up with silence, and an empty final
        chunk follows."""
        if not self.ready:
            return None
        end = self._fifo.skip_end()
        if end is not None:
            self.reset()
            return AudioOutputChunk(final=True, utterance_id=end.utterance_id)
        return self._collect()

    def _collect(self) -> AudioOutputChunk:
        pcm: PcmData | None = None
        utterance_id = 0
        marks: list[Mark] = []
        size = 1
        while (head := self._fifo.head) is not None:
            if pcm is None:
                pcm = PcmData(head.sample_rate, head.format, channels=head.channels)
                utterance_id = self._fifo.head_utterance
                size = self._size(head.sample_rate)
            elif (head.sample_rate, head.channels) != (pcm.sample_rate, pcm.channels):
                pcm = pcm.resample(head.sample_rate, head.channels)
                size = max(self._size(head.sample_rate), len(pcm))
            taken = self._fifo.take(size - len(pcm))
            if taken is None:  # converted to exactly a whole chunk
                break
            samples, span = taken
            piece = PcmData(head.sample_rate, head.format, samples, channels=head.channels)
            marks += (mark.shifted(pcm.duration) for mark in span.marks)
            pcm = piece if pcm.empty else pcm.append(piece)
            if len(pcm) >= size:
                break
        assert pcm is not None
        self._cut += 1
        if len(pcm) < size:
            pcm = pcm.head(size / pcm.sample_rate, pad=True)
        return AudioOutputChunk(pcm, utterance_id=utterance_id, marks=tuple(marks))

    def _size(self, rate_hz: int) -> int:
        at = self._cut
        return (at + 1) * rate_hz // CHUNKS_PER_S - at * rate_hz // CHUNKS_PER_S


class FifoPlayout:
    """First in, first out: what was sent plays at once, silence where there is nothing."""

    def __init__(self) -> None:
        self._fifo = PcmFifo()
        self._cutter = ChunkCutter(self._fifo)
        self._reader: PcmReader | None = None

    @property
    def buffered_s(self) -> float:
        return self._fifo.buffered_s + (self._reader.held_s if self._reader else 0.0)

    def push(self, chunk: AudioOutputChunk, _now_s: float, /) -> None:
        if chunk.data is not None:
            self._fifo.push(chunk.data, chunk.utterance_id, chunk.marks)
        if chunk.final:
            self._fifo.end(chunk.utterance_id)

    def pop(self, _now_s: float, /) -> tuple[AudioOutputChunk, Span] | None:
        return pop_chunk(self._cutter)

    def pull(self, samples: int, rate_hz: int, channels: int, now_s: float) -> Pulled:
        reader = self._reader
        if reader is None or (reader.rate_hz, reader.channels) != (rate_hz, channels):
            reader = self._reader = PcmReader(self._fifo, rate_hz, channels)
        out = np.zeros(samples if channels == 1 else (channels, samples), np.int16)
        spans: list[Span] = []
        missing = samples - reader.read_into(out, 0, samples, spans)
        return Pulled(out, spans, now_s, missing / rate_hz, peak(out) > LOUD)

    def ready(self, samples: int, rate_hz: int) -> bool:
        return self._fifo.ends > 0 or self.buffered_s >= samples / rate_hz - 1e-9

    def clear(self, _now_s: float, /) -> None:
        self._fifo.clear()
        self._cutter.reset()
        if self._reader is not None:
            self._reader.discard()

    def advance(self, _now_s: float, /) -> list[Pulled]:
        return []

    def peek(self) -> list[AudioOutputChunk]:
        return peek_chunks(self._fifo)

    @property
    def size(self) -> int:
        return count_chunks(self._fifo)


def pop_chunk(cutter: ChunkCutter) -> tuple[AudioOutputChunk, Span] | None:
    chunk = cutter.next()
    if chunk is None:
        return None
    duration = chunk.data.duration if chunk.data is not None else 0.0
    return chunk, Span(duration, chunk.utterance_id, chunk.marks, chunk.final)


def peek_chunks(fifo: PcmFifo) -> list[AudioOutputChunk]:
    """All whole chunks queued, without taking them."""
    cutter, out = ChunkCutter(fifo.copy()), []
    while (chunk := cutter.next()) is not None:
        out.append(chunk)
    return out


def count_chunks(fifo: PcmFifo) -> int:
    """How many chunks could be taken."""
    total = 0
    for duration, ended in fifo.runs():
        chunks = duration * CHUNKS_PER_S
        total += math.ceil(chunks - 1e-6) + 1 if ended else int(chunks + 1e-6)
    return total
