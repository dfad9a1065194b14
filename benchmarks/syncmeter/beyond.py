"""Scenarios beyond the list: one for each way in which a provider can be odd, drawn from a number.

An engine fitted to the list would fail here. ``draw(number)`` always gives the same scenario for
the same number; the kinds take turns.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from syncmeter.scenario import BOTH, Limits, Scenario, Stall, Step, Stream

Rng = np.random.Generator

_RATES_FPS = (24.0, 25.0, 30.0, 50.0, 60.0)
_ODD_RATES_HZ = (8_000, 11_025, 16_000, 22_050, 24_000, 44_100)


def _grid_limits(in_fps: float, out_fps: float) -> Limits:
    """Nearest picture on a free clock: half a period of either, and where every second picture
    is left out, the marker's mouth comes with the next one."""
    period_ms = 1000 / out_fps
    lost = None if in_fps > out_fps else 0
    extra = 1000 / in_fps if in_fps > out_fps else 0.0
    return Limits(p95=period_ms / 2 + extra / 2 + 4, p99=period_ms + extra, flashes_lost=lost)


def _rates(rng: Rng) -> Scenario:
    into, out = float(rng.choice(_RATES_FPS)), float(rng.choice(_RATES_FPS))
    return Scenario(
        text=f"{into:g} into {out:g} fps",
        provider_fps=into,
        label_fps=into,
        output_fps=int(out),
        limits=_grid_limits(into, out),
    )


def _variable(rng: Rng) -> Scenario:
    fps = float(rng.choice((24, 25, 30)))
    return Scenario(
        text=f"variable frame rate around {fps:g}",
        provider_fps=fps,
        label_fps=fps,
        variable_fps=True,
        # Pictures closer together than a tick leave one out.
        limits=Limits(p95=36, p99=50, flashes_lost=None),
    )


def _jitter(rng: Rng) -> Scenario:
    most_ms = int(rng.integers(0, 301))
    # Until the depth has grown to the largest delay, pictures come late and sound starves.
    return Scenario(
        text=f"jitter 0..{most_ms} ms",
        seconds=30,
        settle_s=10,
        jitter_s=most_ms / 2000,
        limits=Limits(
            p95=20, p99=60, latency=60 + 1.5 * most_ms, gap=60 + 2.0 * most_ms, flashes_lost=6
        ),
    )


def _stalls(rng: Rng) -> Scenario:
    streams: tuple[tuple[Stream, ...], ...] = (BOTH, ("audio",), ("video",))
    at_s, stalls = 3.0, []
    which = streams[int(rng.integers(3))]
    while at_s < 20:
        length_s = float(rng.uniform(0.1, 0.9))
        stalls.append(Stall(start_s=at_s, end_s=at_s + length_s, streams=which))
        at_s += length_s + float(rng.uniform(1.5, 4))
    return Scenario(
        text=f"{len(stalls)} stalls of 0.1..0.9 s, {' and '.join(which)}",
        seconds=24,
        max_queue=60,
        stalls=tuple(stalls),
        # A picture that was stalled alone comes late; nothing else may.
        blind_s=tuple((s.start_s - 0.3, s.end_s + 1.5) for s in stalls) if which != BOTH else (),
        limits=Limits(p95=34, p99=70, latency=1160, flashes_lost=None),
    )


def _step(rng: Rng) -> Scenario:
    stream: Stream = "audio" if rng.random() < 0.5 else "video"
    by_ms = int(rng.integers(50, 251))
    at_s = float(rng.uniform(5, 15))
    # Sound without time stamps that stops and goes on is a source that paused: nobody can tell.
    # That a path is longer, and not its jitter, shows after a second.
    return Scenario(
        text=f"path of {stream} {by_ms} ms longer for good",
        seconds=40,
        audio_pts=True,
        steps=(Step(at_s=at_s, by_s=by_ms / 1000, stream=stream),),
        blind_s=((at_s - 0.5, at_s + 1.5),),
        limits=Limits(p95=80, p99=120, latency=200 + by_ms, flashes_lost=6, gap=by_ms + 100.0),
    )


def _drift(rng: Rng) -> Scenario:
    ppm = float(rng.choice((-1, 1)) * rng.uniform(20, 1500))
    return Scenario(
        text=f"both clocks {ppm:+.0f} ppm off",
        seconds=90,
        provider_fps=30 * (1 + ppm * 1e-6),
        label_fps=30,
        audio_drift=1 + ppm * 1e-6,
        limits=Limits(p95=34, p99=45, latency=280, flashes_lost=None),
    )


def _odd_sound(rng: Rng) -> Scenario:
    rate_hz = int(rng.choice(_ODD_RATES_HZ))
    least_s, most_s = sorted(float(x) for x in rng.uniform(0.003, 0.12, 2))
    # A long packet is whole only when its last sample has been made.
    return Scenario(
        text=f"{rate_hz} Hz in chunks of {least_s * 1000:.0f}..{most_s * 1000:.0f} ms",
        rate_hz=rate_hz,
        packet_s=(least_s, most_s),
        settle_s=3,
        limits=Limits(p95=20, p99=45, latency=260, gap=260, flashes_lost=1),
    )


def _storm(rng: Rng) -> Scenario:
    speech, flushes, at_s = [], [], 0.0
    for _ in range(int(rng.integers(4, 9))):
        cut_s = at_s + float(rng.uniform(0.8, 2.5))
        speech.append((at_s, at_s + 6.0))
        flushes.append(cut_s)
        at_s = cut_s + float(rng.uniform(0.3, 0.8))
    speech.append((at_s, at_s + 4.0))
    return Scenario(
        text=f"{len(flushes)} flushes",
        seconds=at_s + 4,
        speech=tuple(speech),
        flushes=tuple(flushes),
        audio_speed=float(rng.choice((1.0, 3.0))),
        limits=Limits(p95=20, p99=34, latency=None),
    )


def _late_start(rng: Rng) -> Scenario:
    stream: Stream = "audio" if rng.random() < 0.5 else "video"
    late_s = float(rng.uniform(1, 5))
    return Scenario(
        text=f"{stream} starts {late_s:.1f} s late",
        seconds=20,
        audio_from_s=late_s if stream == "audio" else 0.0,
        video_from_s=late_s if stream == "video" else 0.0,
        limits=Limits(gap=20),
    )


def _silence(rng: Rng) -> Scenario:
    pause_s = float(rng.uniform(20, 60))
    return Scenario(
        text=f"{pause_s:.0f} s without any sound between two utterances",
        seconds=pause_s + 12,
        speech=((0.0, 6.0), (6.0 + pause_s, 12.0 + pause_s)),
        limits=Limits(gap=0),
    )


KINDS: tuple[tuple[str, Callable[[Rng], Scenario]], ...] = (
    ("rates", _rates),
    ("variable", _variable),
    ("jitter", _jitter),
    ("stalls", _stalls),
    ("step", _step),
    ("drift", _drift),
    ("sound", _odd_sound),
    ("storm", _storm),
    ("late", _late_start),
    ("silence", _silence),
)


def draw(number: int) -> tuple[str, Scenario]:
    """The scenario of that number, with a name."""
    kind, make = KINDS[number % len(KINDS)]
    return f"x{number:03d}_{kind}", make(np.random.default_rng(number))
