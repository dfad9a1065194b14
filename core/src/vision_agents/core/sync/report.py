"""The live number: what the sync engine did lately."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["SyncReport"]


@dataclass(frozen=True, slots=True)
class SyncReport:
    """About one second of playout. Offsets are picture minus sound: positive is picture late.

    Counts and ``inserted_silence_s`` are since the engine began; subtract two reports for a rate.
    """

    at_s: float
    """Monotonic time of the report."""
    offset_ms_p50: float
    """Median offset of the pictures shown since the last report; 0 where none was."""
    offset_ms_p95: float
    """95th percentile of the magnitude."""
    depth_s: float
    """Sound queued ahead of the listener."""
    delay_s: float
    """How long the media wait in the engine."""
    jitter_s: float
    """How late packets come, beyond the promptest, as far as the engine still looks back."""
    shown: int = 0
    """Pictures handed out for the first time."""
    repeated: int = 0
    """Ticks at which no new picture was due."""
    dropped: int = 0
    """Pictures skipped because a newer one was due already."""
    late: int = 0
    """Of those, pictures that came after their moment."""
    thinned: int = 0
    """Pictures taken out of a full queue."""
    inserted_silence_s: float = 0.0
    """Silence put into speech because the next sound was not there."""
    shortened_silence_s: float = 0.0
    """Silence left out to become punctual again."""
    discarded_s: float = 0.0
    """Sound that nobody pulled."""
    flushes: int = 0


@dataclass(slots=True)
class Counters:
    """What an engine did since it began; the fields of :class:`SyncReport` say what each is."""

    shown: int = 0
    repeated: int = 0
    dropped: int = 0
    late: int = 0
    inserted_silence_s: float = 0.0
    shortened_silence_s: float = 0.0
    discarded_s: float = 0.0
    flushes: int = 0


class OffsetLog:
    """The offsets of the pictures shown since the last report."""

    def __init__(self) -> None:
        self._offsets_ms: list[float] = []

    def add(self, offset_s: float) -> None:
        if len(self._offsets_ms) < 1000:  # whoever asks for no report must not fill memory
            self._offsets_ms.append(offset_s * 1000)

    def take(self) -> tuple[float, float]:
        """Median, and 95th percentile of the magnitude; starts anew."""
        offsets, self._offsets_ms = sorted(self._offsets_ms), []
        if not offsets:
            return 0.0, 0.0
        sizes = sorted(map(abs, offsets))
        return offsets[len(offsets) // 2], sizes[min(len(sizes) - 1, int(len(sizes) * 0.95))]
