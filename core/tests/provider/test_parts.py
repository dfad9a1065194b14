"""The small pure parts: gate, barge-in, chunks and pace, back-off, script, profile, held media."""

from __future__ import annotations

import numpy as np
import pytest

from vision_agents.core.avatars.provider import Capabilities
from vision_agents.core.avatars.provider.backoff import Backoff
from vision_agents.core.avatars.provider.barge_in import BargeIn
from vision_agents.core.avatars.provider.chunking import Chunker, Pacer
from vision_agents.core.avatars.provider.gate import Gate
from vision_agents.core.avatars.provider.held import Held
from vision_agents.core.avatars.provider.levels import Profile, loudness
from vision_agents.core.avatars.provider.policy import INTERRUPT_TIMEOUT_S, MAX_HELD_FRAMES
from vision_agents.core.avatars.provider.script import Script
from vision_agents.core.media.pcm import PcmData


def _pcm(seconds: float, level: float = 0.1, rate_hz: int = 24_000) -> PcmData:
    samples = np.full(round(seconds * rate_hz), round(level * 32_767), np.int16)
    return PcmData(rate_hz, "s16", samples)


# ------------------------------------------------------------------------------------- loudness
@pytest.mark.parametrize(("dbfs", "loud"), [(-49.0, True), (-51.0, False)])
def test_the_line_between_loud_and_quiet(dbfs: float, loud: bool) -> None:
    level = 10 ** (dbfs / 20)
    assert [flag for _, flag in loudness(_pcm(0.02, level))] == [loud]
    floats = PcmData(24_000, "f32", np.full(480, level, np.float32))
    assert [flag for _, flag in loudness(floats)] == [loud]


def test_windows_cover_the_whole_piece() -> None:
    for seconds in (0.005, 0.02, 0.029, 0.031, 0.1, 0.333):
        windows = [length for length, _ in loudness(_pcm(seconds))]
        assert sum(windows) == pytest.approx(seconds)
    assert list(loudness(_pcm(0.0))) == []


def test_a_profile_knows_its_pauses() -> None:
    profile = Profile()
    for index in range(60):
        profile.add(index * 0.02, (index + 1) * 0.02, loud=index < 20 or index >= 30)
    assert profile.pause_after(0.1) == pytest.approx(0.4)
    assert profile.pause_after(0.5) == pytest.approx(0.5)
    assert profile.pause_after(0.7) is None
    assert profile.pause_before(0.7, reach_s=0.3) == pytest.approx(0.6)
    assert profile.pause_before(1.1, reach_s=0.3) is None
    assert profile.longest_pause_s(0.0, 1.0) == pytest.approx(0.2)
    assert profile.loud_s(0.3, 0.8) == pytest.approx(0.3)
    profile.forget(0.5)
    assert profile.next_loud(0.0) == pytest.approx(0.6)


# ----------------------------------------------------------------------------------------- gate
def test_the_gate_opens_when_the_service_says_cleared() -> None:
    gate = Gate(1.0)
    assert gate.is_open(0.0)
    gate.close(10.0)
    assert not gate.is_open(10.5)
    gate.cleared(10.5)
    assert gate.lets_through(10.5, loud=True)


def test_the_gate_opens_after_its_time() -> None:
    gate = Gate(1.0)
    gate.close(10.0)
    assert not gate.lets_through(10.99, loud=False)
    assert gate.is_open(11.0)


def test_silence_opens_the_gate_only_once_the_service_was_told() -> None:
    gate = Gate(1.0)
    gate.close(10.0)
    for step in range(10):
        gate.sound(0.02, loud=False, now_s=10.0 + 0.02 * step)
    assert not gate.is_open(10.2)
    gate.told()
    for step in range(3):
        gate.sound(0.02, loud=False, now_s=10.2 + 0.02 * step)
    assert gate.is_open(10.24)


def test_a_pause_of_the_old_utterance_does_not_open_the_gate() -> None:
    gate = Gate(1.0)
    gate.close(10.0, pause_s=0.1)
    gate.told()
    for step in range(6):
        gate.sound(0.02, loud=False, now_s=10.0 + 0.02 * step)
    assert not gate.is_open(10.12)
    gate.sound(0.02, loud=True, now_s=10.14)
    assert not gate.is_open(10.3)


def test_an_utterance_that_had_not_begun_is_waited_for() -> None:
    gate = Gate(1.0)
    gate.close(10.0, expected_s=10.5)
    gate.told()
    for step in range(24):
        gate.sound(0.02, loud=False, now_s=10.0 + 0.02 * step)
    assert not gate.is_open(10.48)
    gate.sound(0.02, loud=False, now_s=10.5)
    assert gate.is_open(10.5)


def test_sound_that_nobody_asked_for_is_stale_until_speech_is_sent() -> None:
    gate = Gate(1.0)
    gate.close(10.0)
    assert not gate.lets_through(11.5, loud=True)
    assert gate.lets_through(11.5, loud=False)
    gate.sent()
    assert gate.lets_through(11.6, loud=True)


# ------------------------------------------------------------------------------------- barge-in
def test_an_interrupt_belongs_to_the_flush_before_it() -> None:
    barge_in = BargeIn()
    barge_in.flushed(10.0)
    assert not barge_in.interrupted(10.0 + INTERRUPT_TIMEOUT_S / 2)
    assert barge_in.interrupted(10.0 + INTERRUPT_TIMEOUT_S / 2)


def test_a_flush_belongs_to_the_interrupt_before_it() -> None:
    barge_in = BargeIn()
    assert barge_in.interrupted(10.0)
    barge_in.flushed(10.1)
    assert barge_in.interrupted(10.2)


def test_halves_that_are_far_apart_are_two_barge_ins() -> None:
    barge_in = BargeIn()
    barge_in.flushed(10.0)
    assert barge_in.interrupted(10.0 + INTERRUPT_TIMEOUT_S)
    barge_in.flushed(20.0)
    assert not barge_in.interrupted(20.1)


# ----------------------------------------------------------------------------------------- pace
def test_chunks_hold_every_sample_once() -> None:
    chunker = Chunker(Capabilities(first_chunk_s=0.1, chunk_s=0.5))
    samples = np.arange(30_000, dtype=np.int16)
    out: list[np.ndarray] = []
    for start in range(0, len(samples), 480):
        chunker.push(PcmData(24_000, "s16", samples[start : start + 480]))
        while chunker.due(lead_s=10.0 if out else 0.0):
            out.append(chunker.take().samples)
    chunker.finish()
    while chunker.due(lead_s=10.0):
        out.append(chunker.take().samples)
    assert len(out[0]) == 2_400
    assert max(len(chunk) for chunk in out) == 12_000
    assert np.array_equal(np.concatenate(out), samples)


def test_a_cut_leaves_nothing_of_the_old_utterance() -> None:
    chunker = Chunker(Capabilities(sample_rate_hz=16_000))
    chunker.push(_pcm(0.5))
    chunker.reset()
    chunker.finish()
    assert chunker.pending_s == 0.0


def test_the_pace_starts_anew_when_the_service_has_run_dry() -> None:
    pacer = Pacer(1.0)
    pacer.sent(0.6, 0.0)
    assert pacer.due_at_s(0.0) == 0.0
    pacer.sent(0.6, 0.0)
    assert pacer.due_at_s(0.0) == pytest.approx(0.2)
    assert pacer.lead_s(5.0) == 0.0
    pacer.sent(0.5, 5.0)
    assert pacer.lead_s(5.1) == pytest.approx(0.4)


# ------------------------------------------------------------------------------------- back-off
def test_delays_grow_to_a_cap_and_end() -> None:
    backoff = Backoff(give_up_after_s=100.0, chance=lambda: 0.5)
    now_s, delays = 0.0, []
    while (delay := backoff.failed(now_s)) is not None:
        delays.append(delay)
        now_s += delay
    assert delays[:4] == [0.25, 0.5, 1.0, 2.0]
    assert max(delays) == 30.0
    assert now_s <= 100.0
    backoff.reset()
    assert backoff.failed(now_s) == 0.25


# --------------------------------------------------------------------------------------- script
def test_a_line_ends_with_its_mark_or_with_another_utterance() -> None:
    script = Script()
    script.add(_pcm(0.5), utterance_id=1, now_s=0.0)
    script.add(_pcm(0.5), utterance_id=2, now_s=0.5)
    script.complete(utterance_id=2)
    first, second = script.line_at(0.0), script.line_at(0.5)
    assert first is not None
    assert second is not None
    assert (first.complete, first.end_s) == (True, 0.5)
    assert (second.complete, second.end_s) == (True, 1.0)
    assert script.line_before(0.5) is first


def test_reading_starts_and_stops_anywhere() -> None:
    script = Script()
    for _ in range(10):
        script.add(_pcm(0.1), utterance_id=1, now_s=0.0)
    piece = script.read(0.25, 0.28)
    assert piece is not None
    assert (piece.start_s, piece.end_s) == (0.25, 0.28)
    assert piece.pcm.duration == pytest.approx(0.03)
    assert script.read(1.0, 5.0) is None


def test_after_a_cut_the_rest_of_the_utterance_is_unwanted() -> None:
    script = Script()
    script.add(_pcm(0.5), utterance_id=7, now_s=0.0)
    script.cut()
    script.add(_pcm(0.5), utterance_id=7, now_s=0.6)
    assert script.end_s == 0.5
    script.complete(utterance_id=7)
    script.add(_pcm(0.5), utterance_id=7, now_s=1.0)
    assert script.end_s == 1.0


def test_after_a_flush_everything_is_new() -> None:
    script = Script()
    script.add(_pcm(0.5), utterance_id=0, now_s=0.0)
    script.cut()
    script.flushed()
    script.add(_pcm(0.5), utterance_id=0, now_s=0.6)
    assert script.end_s == 1.0


def test_what_was_spoken_is_forgotten() -> None:
    script = Script()
    for _ in range(500):
        script.add(_pcm(0.02), utterance_id=1, now_s=0.0)
    script.forget(9.0)
    assert script.read(1.0, 2.0) is None or script.read(1.0, 2.0).start_s >= 6.9  # type: ignore[union-attr]
    assert script.read(8.0, 9.0) is not None


# ----------------------------------------------------------------------------------------- held
def test_held_media_come_out_in_order_and_pictures_are_bounded() -> None:
    held = Held()
    frame: object = object()
    held.picture(frame)  # type: ignore[arg-type]  # never looked into
    held.sound(_pcm(0.02, 0.0), 0.0, loud=False)
    held.sound(_pcm(0.02), 0.02, loud=True)
    for _ in range(MAX_HELD_FRAMES + 5):
        held.picture(frame)  # type: ignore[arg-type]
    held.sound(_pcm(0.02), 0.04, loud=False)
    out: list[float] = []
    held.pour(lambda _, position_s: out.append(position_s), lambda _: out.append(-1.0))
    assert out[0] == 0.02
    assert out[-1] == 0.04
    assert out.count(-1.0) == MAX_HELD_FRAMES
