"""Calls in virtual time: a provider with every vice against the engine, and what came of it.

The sound carries its own media time in its sample values and a picture is its media time, so skew
can be read at every picture, not only at markers. No event loop: ten minutes take a second.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from vision_agents.core.media.chunks import AudioOutputChunk
from vision_agents.core.media.pcm import PcmData
from vision_agents.core.sync.engine import SyncEngine

PULL_RATE = 48_000
PULL_S = 0.02
_BASE, _MODULO = 1000, 20_000  # sample value = _BASE + milliseconds of media time modulo _MODULO

Delay = Callable[[float], float]


@dataclass
class Provider:
    """What a provider sends. Media time 0 is the first moment; ``delay`` is the network's."""

    seconds: float = 15.0
    fps: float = 30.0
    label: float = 1.0  # what its pts says a second is: 1.003 drifts
    pts: bool = True
    frame_times: list[float] | None = None  # a variable frame rate
    rate_hz: int = PULL_RATE
    sample_clock: float = 1.0  # samples made per second, over rate_hz
    chunk_s: float | Callable[[], float] = 0.01
    speech: list[tuple[float, float]] | None = None  # intervals; default: all the time
    sends_silence: bool = False  # between the intervals, as zeros
    audio_pts: bool = False
    audio_speed: float = 1.0
    video_speed: float = 1.0
    audio_delay: Delay = lambda _: 0.0
    video_delay: Delay = lambda _: 0.0


@dataclass
class Packet:
    at_s: float
    media_s: float
    samples: NDArray[np.int16] | None = None
    rate_hz: int = PULL_RATE

    @property
    def end_s(self) -> float:
        """Media time of its end."""
        return self.media_s + (len(self.samples) / self.rate_hz if self.samples is not None else 0)


@dataclass
class Result:
    skews_ms: list[float]
    at_s: list[float]
    """When each skew was seen."""
    holes_ms: float
    """Silence within intervals of speech."""
    lost_ms: float
    """Speech that was never heard."""
    backwards: int
    latency_ms: list[float]
    """Of the sound, from its production at the provider."""
    shown: int
    engine: SyncEngine[float] = field(repr=False)

    def p(self, percent: float, after_s: float = 0.0, until_s: float = 1e9) -> float:
        """Percentile of the magnitude of the skews seen in a span of time."""
        seen = [
            abs(skew)
            for skew, at in zip(self.skews_ms, self.at_s, strict=True)
            if after_s <= at <= until_s
        ]
        assert seen, "no picture had its sound"
        return float(np.percentile(seen, percent))


def value_of(media_s: NDArray[np.float64]) -> NDArray[np.int16]:
    milliseconds = np.floor(media_s * 1000 + 1e-6).astype(np.int64)
    return (_BASE + milliseconds % _MODULO).astype(np.int16)


def packets(provider: Provider, start_s: float) -> tuple[list[Packet], list[Packet]]:
    """Sound and pictures with their arrival, in order of arrival per stream."""
    return _sound(provider, start_s), _pictures(provider, start_s)


def _sound(p: Provider, start_s: float) -> list[Packet]:
    spans = p.speech or [(0.0, p.seconds)]
    if p.sends_silence:
        spans = [(0.0, p.seconds)]
    out: list[Packet] = []
    last = 0.0
    for begin, end in spans:
        n = round((end - begin) * p.rate_hz * p.sample_clock)
        media = begin + np.arange(n) / (p.rate_hz * p.sample_clock)
        wave = value_of(media)
        if p.sends_silence and p.speech is not None:
            loud = np.zeros(n, bool)
            for a, b in p.speech:
                loud |= (media >= a) & (media < b)
            wave[~loud] = 0
        at = 0
        while at < n:
            length = p.chunk_s() if callable(p.chunk_s) else p.chunk_s
            size = max(1, round(length * p.rate_hz))
            moment = float(media[at])
            arrival = start_s + begin + (moment - begin) / p.audio_speed + p.audio_delay(moment)
            last = max(last, arrival)
            out.append(Packet(last, moment, wave[at : at + size], p.rate_hz))
            at += size
    return out


def _pictures(p: Provider, start_s: float) -> list[Packet]:
    times = p.frame_times or [n / p.fps for n in range(round(p.seconds * p.fps))]
    out: list[Packet] = []
    last = 0.0
    for moment in times:
        arrival = start_s + moment / p.video_speed + p.video_delay(moment)
        last = max(last, arrival)
        out.append(Packet(last, moment))
    return out


@dataclass
class Call:
    """A provider, an engine and its two consumers."""

    provider: Provider = field(default_factory=Provider)
    out_fps: float = 30.0
    queue: int = 30
    phase: tuple[float, float] = (0.003, 0.011)  # of the pulls and of the ticks
    start_s: float = 100.3
    actions: Iterable[tuple[float, Callable[[SyncEngine[float], float], None]]] = ()
    """``(media time by the provider's clock, what to do)``."""
    pulls: Callable[[float], bool] = lambda _: True
    """Whether anybody pulls at this moment of the provider's clock."""
    drops: Callable[[Packet], bool] = lambda _: False
    """Packets that are not sent at all."""
    tail_s: float = 5.0
    on_arrival: Callable[[str, Packet], None] = lambda _kind, _packet: None
    heard: list[tuple[float, NDArray[np.int16]]] = field(default_factory=list)
    """What was pulled, and when."""
    shown: list[tuple[float, float]] = field(default_factory=list)
    """What was shown for the first time, and when."""

    def run(self, engine: SyncEngine[float] | None = None) -> Result:
        engine = engine or SyncEngine(self.out_fps, self.queue)
        sound, pictures = packets(self.provider, self.start_s)
        queue: list[tuple[float, int, str, object]] = []
        order = 0
        for kind, items in (("v", pictures), ("a", sound)):
            for packet in items:
                if not self.drops(packet):
                    queue.append((packet.at_s, order, kind, packet))
                    order += 1
        for at, action in self.actions:
            queue.append((self.start_s + at, order, "x", action))
            order += 1
        begin = self.start_s - 0.5
        queue += [(begin + self.phase[0], -2, "p", None), (begin + self.phase[1], -1, "t", None)]
        heapq.heapify(queue)
        end = max([packet.at_s for packet in sound + pictures], default=begin) + self.tail_s
        self._drain(engine, queue, end)
        return self._judge(engine)

    def _drain(
        self, engine: SyncEngine[float], queue: list[tuple[float, int, str, object]], end: float
    ) -> None:
        p, origin = self.provider, 7000.0
        while queue and queue[0][0] < end:
            now, order, kind, what = heapq.heappop(queue)
            if isinstance(what, Packet):
                self.on_arrival(kind, what)
            if kind == "a":
                assert isinstance(what, Packet)
                assert what.samples is not None
                pcm = PcmData(p.rate_hz, "s16", what.samples)
                if p.audio_pts:
                    pcm.pts = round((what.media_s + origin) * p.rate_hz)
                    pcm.time_base = Fraction(1, p.rate_hz)
                engine.advance(now)
                engine.push(AudioOutputChunk(pcm), now)
            elif kind == "v":
                assert isinstance(what, Packet)
                pts = round((what.media_s * p.label + origin * 3) * 90_000) if p.pts else None
                engine.push_picture(what.media_s, pts, Fraction(1, 90_000), now)
            elif kind == "p":
                if self.pulls(now - self.start_s):
                    pulled = engine.pull(round(PULL_S * PULL_RATE), PULL_RATE, 1, now)
                    self.heard.append((now, pulled.samples))
                heapq.heappush(queue, (now + PULL_S, order, kind, None))
            elif kind == "t":
                engine.advance(now)
                shown = engine.tick(now)
                if shown.picture is not None:
                    self.shown.append((now, shown.picture))
                heapq.heappush(
                    queue, (now + 1 / self.out_fps + shown.correction_s, order, kind, None)
                )
            else:
                assert callable(what)
                what(engine, now)

    def _judge(self, engine: SyncEngine[float]) -> Result:
        samples = np.concatenate([s for _, s in self.heard])
        at = np.concatenate([t + np.arange(len(s)) / PULL_RATE for t, s in self.heard])
        spoken = samples > _BASE // 2
        media = (samples.astype(np.float64) - _BASE)[spoken]
        times = at[spoken]
        holes, lost, heard_at = self._sound_faults(media, times)
        skews, seen = [], []
        for shown_s, moment in self.shown:
            sound_s = heard_at(moment, shown_s)
            if sound_s is not None:
                skews.append((shown_s - sound_s) * 1000)
                seen.append(shown_s - self.start_s)
        moments = [moment for _, moment in self.shown]
        backwards = sum(b < a for a, b in pairwise(moments))
        latency = [
            ((t - self.start_s) * 1000 - m) % _MODULO
            for t, m in zip(times[::4800], media[::4800], strict=True)
        ]
        return Result(skews, seen, holes, lost, backwards, latency, len(self.shown), engine)

    def _sound_faults(
        self, media: NDArray[np.float64], times: NDArray[np.float64]
    ) -> tuple[float, float, Callable[[float, float], float | None]]:
        """Holes and losses in ms, and when a moment of media time was heard."""
        ms = np.rint(media).astype(np.int64)
        first: dict[int, list[float]] = {}
        changes = np.flatnonzero(np.diff(ms, prepend=-1))
        for index in changes:
            first.setdefault(int(ms[index]) % _MODULO, []).append(float(times[index]))

        def heard_at(moment: float, near_s: float) -> float | None:
            whole = int(np.floor(moment * 1000 + 1e-6))
            candidates = first.get(whole % _MODULO, [])
            near = [t for t in candidates if abs(t - near_s) < 5]
            if not near:
                return None
            return min(near, key=lambda t: abs(t - near_s)) + moment - whole / 1000

        holes = 0.0
        gaps = np.flatnonzero(np.diff(times) > 2 / PULL_RATE)
        for gap in gaps:
            step = (ms[gap + 1] - ms[gap]) % _MODULO
            length = (times[gap + 1] - times[gap]) * 1000
            if step <= 3:  # the sound goes on where it stopped
                holes += length
        sent = {
            int(value - _BASE) % _MODULO
            for packet in _sound(self.provider, self.start_s)
            if packet.samples is not None
            for value in np.unique(packet.samples).tolist()
            if value > _BASE // 2
        }
        lost = float(len(sent - {int(m) % _MODULO for m in np.unique(ms)}))
        return holes, lost, heard_at


# ------------------------------------------------------------------------------ networks
def jitter(rng: np.random.Generator, most_s: float) -> Delay:
    """0..``most_s``, drawn anew every 33 ms, more often little than much."""
    drawn = most_s * rng.uniform(0, 1, 40_000) ** 2
    return lambda moment: float(drawn[int(moment * 30)])


def wander(rng: np.random.Generator, most_s: float, period_s: float = 0.5) -> Delay:
    """A delay that moves over 0..``most_s``."""
    knots = rng.uniform(0, most_s, 4000)
    times = np.arange(4000) * period_s
    return lambda moment: float(np.interp(moment, times, knots))


def longer(
    from_s: float, by_s: float, until_s: float = float("inf"), usual: Delay = lambda _: 0.0
) -> Delay:
    """The ``usual`` delay, and within a span so much more."""
    return lambda moment: usual(moment) + (by_s if from_s <= moment < until_s else 0.0)


def stalls(*spans: tuple[float, float]) -> Delay:
    """What was sent within a span arrives at its end."""
    return lambda moment: max((b - moment for a, b in spans if a <= moment < b), default=0.0)
