"""The nineteen scenarios that every change is held to."""

from __future__ import annotations

from syncmeter.scenario import Limits, Scenario, Stall

_DRIFT = Limits(p95=34, p99=45)  # the labels are wrong by design
_TO_25 = Limits(p95=34, p99=40.1, gap=0, flashes_lost=None)  # one picture lasts 40 ms
_AHEAD = Limits(latency=None, gap=0)  # speech arrives far ahead
_STALLED = Limits(latency=1160, flashes_lost=None)
_FLUSHED = ((0.0, 8.0), (4.5, 12.0))
_SECOND = (Stall(start_s=4.0, end_s=5.0),)

SCENARIOS: dict[str, Scenario] = {
    "a_steady": Scenario(text="steady real-time provider", limits=Limits(gap=0)),
    "b_jitter80": Scenario(
        text="jitter 0..160 ms, audio and video apart",
        seconds=20,
        settle_s=5.0,
        jitter_s=0.08,
        limits=Limits(p95=20, p99=45, gap=200, flashes_lost=3),
    ),
    "b2_wander80": Scenario(
        text="delay wanders over 0..160 ms, apart",
        seconds=30,
        settle_s=15.0,
        jitter_s=0.08,
        jitter_period_s=0.5,
        limits=Limits(p95=34, p99=100, gap=200, flashes_lost=3),
    ),
    "c_burst_audio": Scenario(text="audio 3x real time, video 1x", audio_speed=3, limits=_AHEAD),
    "c2_burst_both": Scenario(
        text="audio and video 3x real time",
        audio_speed=3,
        video_speed=3,
        # Before playout starts, 302 pictures wait in a queue of 300.
        limits=Limits(latency=None, gap=0, flashes_lost=1),
    ),
    "d_stall": Scenario(text="1 s stall, then both in a burst", stalls=_SECOND, limits=_STALLED),
    "d1_stall_same_turn": Scenario(
        text="same, both bursts in one turn of the event loop",
        stalls=_SECOND,
        stall_split_s=0.0,
        limits=_STALLED,
    ),
    "d2_stall_q30": Scenario(
        text="1 s stall, queue of 1 s", stalls=_SECOND, max_queue=30, limits=_STALLED
    ),
    "d3_stall2_q30": Scenario(
        text="2 s stall, queue of 1 s",
        stalls=(Stall(start_s=4.0, end_s=6.0),),
        max_queue=30,
        # Half of the pictures have to go.
        limits=Limits(p95=68, p99=75, latency=2160, flashes_lost=None),
    ),
    "e_drift_slow": Scenario(
        text="120 s, video 29.9 fps, audio 0.2 % slow",
        seconds=120,
        provider_fps=29.9,
        label_fps=30,
        audio_drift=0.998,
        limits=_DRIFT,
    ),
    "e2_drift_fast": Scenario(
        text="120 s, video 30.1 fps, audio 0.2 % fast",
        seconds=120,
        provider_fps=30.1,
        label_fps=30,
        audio_drift=1.002,
        limits=Limits(p95=34, p99=45, latency=280, flashes_lost=None),
    ),
    "f_25_to_30": Scenario(
        text="25 fps into 30 fps", provider_fps=25, label_fps=25, limits=Limits(gap=0)
    ),
    "f2_30_to_25": Scenario(text="30 fps into 25 fps", output_fps=25, limits=_TO_25),
    "f3_30_to_25_60s": Scenario(text="same, 60 s", seconds=60, output_fps=25, limits=_TO_25),
    "g_gaps": Scenario(
        text="silence between utterances, video goes on",
        seconds=16,
        speech=((0, 3), (4, 7), (8.013, 11.02), (12.27, 15.31)),
        limits=Limits(gap=0),
    ),
    "h_flush_audio3x": Scenario(
        text="flush at 4 s, audio 3x ahead",
        seconds=12,
        speech=_FLUSHED,
        flushes=(4.0,),
        audio_speed=3,
        limits=Limits(latency=None),
    ),
    "h2_flush_backlog": Scenario(
        text="flush at 4 s with 1 s of backlog on both",
        seconds=12,
        speech=_FLUSHED,
        flushes=(4.0,),
        stalls=(Stall(start_s=2.0, end_s=3.0),),
        limits=Limits(latency=1160),
    ),
    "h3_flush_inflight": Scenario(
        text="flush at 4 s, old media arrive for 150 ms more",
        seconds=12,
        speech=_FLUSHED,
        flushes=(4.0,),
        inflight_s=0.15,
    ),
    "i_long60": Scenario(
        text="60 s, jitter 0..40 ms",
        seconds=60,
        settle_s=5.0,
        jitter_s=0.02,
        limits=Limits(gap=200, flashes_lost=2),
    ),
}
