"""What a provider may do to us, and how good the result must be."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Stream = Literal["audio", "video"]
BOTH: tuple[Stream, ...] = ("video", "audio")


@dataclass(frozen=True, kw_only=True)
class Stall:
    """Nothing arrives between the two; then all of it at once."""

    start_s: float
    end_s: float
    streams: tuple[Stream, ...] = BOTH


@dataclass(frozen=True, kw_only=True)
class Step:
    """From media time ``at_s`` on the path of one stream takes ``by_s`` longer, for good."""

    at_s: float
    by_s: float
    stream: Stream


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Milliseconds; ``None``: no limit, because the scenario itself takes it away."""

    p95: float = 20.0
    """Of the offset's magnitude. A free 30 fps clock cannot do better than 16.7 (the nearest
    picture); one that locks to the provider's phase can."""
    p99: float = 33.4
    latency: float | None = 160.0
    """Median time from arrival to playout of the sound. Speech is never dropped, so what came
    late, or before its time, stays in the buffer."""
    gap: float | None = None
    """Silence inserted into speech, in the worst run."""
    flashes_lost: int | None = 0
    """Markers whose own picture was not shown, in the worst run."""


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """How media arrive. ``provider_fps`` and ``audio_drift`` are what the provider really makes,
    ``label_fps`` and ``rate_hz`` what its timestamps claim."""

    text: str
    limits: Limits = field(default_factory=Limits)
    seconds: float = 15.0
    provider_fps: float = 30.0
    label_fps: float | None = None
    variable_fps: bool = False
    output_fps: int = 30
    rate_hz: int = 48_000
    audio_drift: float = 1.0
    packet_s: tuple[float, float] = (0.01, 0.01)
    audio_pts: bool = False
    max_queue: int = 300
    jitter_s: float = 0.0
    """Mean; delays go from 0 to twice that."""
    jitter_period_s: float = 0.0
    """0: the delay is drawn anew every 33 ms; else it wanders from knot to knot."""
    settle_s: float = 0.0
    """Markers heard earlier do not count: an estimate needs to converge."""
    blind_s: tuple[tuple[float, float], ...] = ()
    """Markers heard in between do not count either."""
    audio_speed: float = 1.0
    video_speed: float = 1.0
    stalls: tuple[Stall, ...] = ()
    stall_split_s: float = 0.005
    """Audio and video resume within this time of each other."""
    steps: tuple[Step, ...] = ()
    audio_from_s: float = 0.0
    video_from_s: float = 0.0
    speech: tuple[tuple[float, float], ...] = ()
    """Begin and end of each utterance; by default one that fills the run."""
    flushes: tuple[float, ...] = ()
    """The n-th cuts the n-th utterance."""
    inflight_s: float = 0.0
    """Old media still arrive this long after a flush."""

    @property
    def utterances(self) -> tuple[tuple[float, float], ...]:
        return self.speech or ((0.0, self.seconds),)
