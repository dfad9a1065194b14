"""Calls put together at random: what must hold in every one of them."""

from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vision_agents.core.sync.engine import SyncEngine

from .simulator import Call, Packet, Provider, jitter, stalls, wander

SETTINGS = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,  # a gate must not fail by luck; raise max_examples to go hunting
    suppress_health_check=[HealthCheck.too_slow],
)

rates = st.sampled_from([8000, 11_025, 16_000, 22_050, 24_000, 44_100, 48_000])
frame_rates = st.sampled_from([10.0, 12.5, 15.0, 23.976, 24.0, 25.0, 29.97, 30.0, 50.0, 60.0])


@SETTINGS
@given(
    fps=frame_rates,
    out_fps=st.sampled_from([15.0, 24.0, 25.0, 30.0, 60.0]),
    rate_hz=rates,
    chunk_s=st.floats(0.003, 0.7),
    phases=st.tuples(st.floats(0, 0.02), st.floats(0, 0.066)),
    start_s=st.floats(0, 5000),
)
def test_without_trouble_the_offset_is_half_a_tick_and_a_drop(
    fps: float,
    out_fps: float,
    rate_hz: int,
    chunk_s: float,
    phases: tuple[float, float],
    start_s: float,
) -> None:
    provider = Provider(seconds=6, fps=fps, rate_hz=rate_hz, chunk_s=chunk_s)
    result = Call(provider, out_fps=out_fps, phase=phases, start_s=start_s + 1).run()
    assert result.backwards == 0
    assert result.lost_ms == 0
    assert result.holes_ms == 0
    assert max(result.latency_ms) < 62  # the depth, and the start's pull
    assert result.p(100) <= 500 / out_fps + 1.5


@SETTINGS
@given(
    seed=st.integers(0, 2**16),
    depth_s=st.floats(0, 0.25),
    slow=st.booleans(),
    stall=st.none() | st.tuples(st.floats(1, 8), st.floats(0.1, 2.0)),
    side=st.sampled_from(["both", "sound", "picture"]),
    queue=st.sampled_from([10, 30, 300]),
    pts=st.booleans(),
)
def test_whatever_the_network_does_no_word_is_lost(
    seed: int,
    depth_s: float,
    slow: bool,
    stall: tuple[float, float] | None,
    side: str,
    queue: int,
    pts: bool,
) -> None:
    rng = np.random.default_rng(seed)
    make = wander if slow else jitter
    delays = {"sound": make(rng, depth_s), "picture": make(rng, depth_s)}
    broken = stalls((stall[0], sum(stall))) if stall else stalls()

    def delay(stream: str, moment: float) -> float:
        held = broken(moment) if side in ("both", stream) else 0.0
        return max(delays[stream](moment), held)

    provider = Provider(
        seconds=12,
        pts=pts,
        audio_delay=lambda moment: delay("sound", moment),
        video_delay=lambda moment: delay("picture", moment),
    )
    result = Call(provider, queue=queue).run()
    longest_ms = (depth_s + (stall[1] if stall else 0)) * 1000
    assert result.backwards == 0
    assert result.lost_ms == 0
    assert result.holes_ms <= longest_ms + 60
    assert max(result.latency_ms) <= longest_ms + 120
    assert result.engine.counters.discarded_s == 0


@SETTINGS
@given(
    flushes=st.lists(st.floats(0.3, 8), min_size=1, max_size=12),
    speed=st.sampled_from([1.0, 1.0, 3.0]),
    stall=st.none() | st.tuples(st.floats(0.5, 6), st.floats(0.1, 1.5)),
)
def test_nothing_of_before_a_flush_leaves_after_it(
    flushes: list[float], speed: float, stall: tuple[float, float] | None
) -> None:
    """A flush storm: every moment of media that had arrived is gone at once."""
    delay = stalls((stall[0], sum(stall))) if stall else stalls()
    provider = Provider(
        seconds=9, audio_speed=speed, audio_delay=delay, video_delay=delay, chunk_s=0.02
    )
    newest: dict[str, float] = {"a": -1.0, "v": -1.0}
    forbidden: list[tuple[float, float, float]] = []  # (from when, sound until, pictures until)

    def flush(engine: SyncEngine[float], now_s: float) -> None:
        engine.clear(now_s)
        engine.clear_pictures()
        forbidden.append((now_s, newest["a"], newest["v"]))

    call = Call(provider, actions=[(at, flush) for at in sorted(flushes)])

    def note(kind: str, packet: Packet) -> None:
        newest[kind] = packet.end_s

    call.on_arrival = note
    result = call.run()
    for since_s, sound_until, picture_until in forbidden:
        for at_s, samples in call.heard:
            if at_s >= since_s:
                spoken = samples[samples > 500].astype(int) - 1000
                assert not len(spoken) or spoken.min() >= sound_until * 1000 - 1.5
                break
        assert all(media > picture_until - 1e-9 for at_s, media in call.shown if at_s >= since_s)
    late = [abs(s) for s, at in zip(result.skews_ms, result.at_s, strict=True) if at > 8.7]
    if speed == 1.0 and stall is None and late:
        assert max(late) < 35
