"""Speech in, beats out: exact sound at any rate, and a mouth that always knows what to do."""

# ruff: noqa: RUF001 (phonetic letters)

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from vision_agents.core.media.chunks import AudioOutputChunk, Mark
from vision_agents.core.media.pcm import PcmData
from vision_agents.plugins.local.face.shapes import REST, opening
from vision_agents.plugins.local.performer import HOLD_BACK_S, Beat, Performer


def speech(seconds: float, rate_hz: int = 24_000, channels: int = 1, form: str = "s16") -> PcmData:
    """A vowel-like buzz, different in every sample and channel."""
    time_s = np.arange(int(seconds * rate_hz)) / rate_hz
    buzz = sum(np.sin(2 * np.pi * 130 * n * time_s) / n for n in range(1, 9)) * 0.2
    rows = np.stack([buzz + 1e-3 * channel for channel in range(channels)])
    return PcmData.from_numpy(rows.astype(np.float32), rate_hz, form, channels)


def perform(performer: Performer, count: int, first: int = 0) -> list[Beat]:
    return [performer.beat(number) for number in range(first, first + count)]


def pieces_of(beats: list[Beat]) -> list[PcmData]:
    return [chunk.data for beat in beats for chunk in beat.chunks if chunk.data is not None]


def sound_of(beats: list[Beat]) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
    return np.concatenate([piece.samples for piece in pieces_of(beats)], axis=-1)


def rates_of(beats: list[Beat]) -> list[int]:
    return [pieces_of([beat])[0].sample_rate for beat in beats]


@pytest.mark.parametrize("fps", [1, 7, 24, 25, 30, 60, 120])
@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 22_050, 44_100, 48_000])
def test_sound_passes_sample_for_sample(rate_hz: int, fps: int) -> None:
    performer = Performer(fps)
    said = speech(0.7, rate_hz)
    for chunk in said.chunks(rate_hz // 50):
        performer.hear(AudioOutputChunk(chunk))
    performer.hear(AudioOutputChunk(final=True))
    beats = perform(performer, fps + 1)
    heard = sound_of(beats)
    assert np.array_equal(heard[: len(said)], said.samples)
    assert not heard[len(said) :].any()
    # The media timeline has no gap and no rounding error.
    assert len(heard) == (fps + 1) * rate_hz // fps
    for before, after in pairwise(pieces_of(beats)):
        assert before.pts is not None
        assert after.pts == before.pts + len(before)
        assert after.time_base == Fraction(1, rate_hz)


@pytest.mark.parametrize(("channels", "form"), [(2, "s16"), (1, "f32"), (2, "f32")])
def test_channels_and_format_pass_too(channels: int, form: str) -> None:
    performer = Performer(30)
    said = speech(0.4, 48_000, channels, form)
    performer.hear(AudioOutputChunk(said, final=True))
    beats = perform(performer, 15)
    assert np.array_equal(sound_of(beats)[..., : len(said)], said.samples)
    assert {(piece.channels, piece.format) for piece in pieces_of(beats)} == {(channels, form)}


def test_another_rate_in_mid_utterance_is_converted_without_a_seam() -> None:
    performer = Performer(30)
    performer.hear(AudioOutputChunk(speech(0.5, 24_000)))
    performer.hear(AudioOutputChunk(speech(0.5, 48_000), final=True))
    beats = perform(performer, 30)
    assert set(rates_of(beats)) == {24_000}
    assert np.abs(sound_of(beats)[23_000:23_900]).max() > 1000


def test_utterances_follow_each_other() -> None:
    performer = Performer(30)
    first, second = speech(0.25, 24_000), speech(0.25, 16_000)
    performer.hear(AudioOutputChunk(first, final=True))
    performer.hear(AudioOutputChunk(second, final=True))
    beats = perform(performer, 20)
    assert rates_of(beats) == [24_000] * 8 + [16_000] * 12
    assert np.array_equal(sound_of(beats[8:16])[: len(second)], second.samples)


def test_what_is_speech_names_its_utterance_and_its_end() -> None:
    performer = Performer(30)
    first, second = speech(0.11, 24_000), speech(0.05, 24_000)
    performer.hear(AudioOutputChunk(first, utterance_id=7))
    performer.hear(AudioOutputChunk(final=True, utterance_id=7))
    performer.hear(AudioOutputChunk(second, final=True, utterance_id=8))
    performer.hear(AudioOutputChunk(final=True, utterance_id=9))  # nothing was said at all
    chunks = [chunk for beat in perform(performer, 10) for chunk in beat.chunks]
    told = [(c.utterance_id, c.final) for c in chunks if c.final or c.utterance_id]
    ends = [utterance for utterance, final in told if final]
    assert ends == [7, 8, 9]
    assert told.index((7, True)) == len([t for t in told if t == (7, False)])
    for utterance_id, said in ((7, first), (8, second)):
        own = [c.data for c in chunks if c.utterance_id == utterance_id and c.data is not None]
        assert sum(map(len, own)) == len(said)


def test_silence_and_rest_until_somebody_speaks() -> None:
    performer = Performer(30)
    assert performer.ready
    for beat in perform(performer, 3):
        assert len(sound_of([beat])) == 1600
        assert not sound_of([beat]).any()
        assert np.array_equal(beat.mouth, REST)
        assert not beat.speaking


def test_sound_waits_until_its_mouth_is_known() -> None:
    performer = Performer(30)
    said = speech(1.0, 16_000)
    enough = 0.0
    for chunk in said.chunks(160):
        performer.hear(AudioOutputChunk(chunk))
        if performer.ready:
            enough = performer.ahead_s
            break
    assert 0.5 / 30 + HOLD_BACK_S - 0.011 <= enough <= 0.5 / 30 + HOLD_BACK_S + 0.021


def test_running_dry_breaks_the_utterance_and_loses_nothing() -> None:
    performer = Performer(30)
    said = speech(0.6, 24_000)
    first, second = list(said.chunks(len(said) // 2))
    performer.hear(AudioOutputChunk(first))
    beats = perform(performer, 15)  # the second half is not there in time
    performer.hear(AudioOutputChunk(second, final=True))
    beats += perform(performer, 15, 15)
    spoken_until = max(beat.number for beat in beats[:15] if beat.speaking) + 1
    assert np.array_equal(sound_of(beats)[: len(first)], first.samples)
    assert not sound_of(beats[spoken_until:15]).any()
    assert np.array_equal(sound_of(beats[15:])[: len(second)], second.samples)


def test_speech_in_real_time_is_put_off_until_it_can_go_on() -> None:
    # 20 ms come in every 20 ms: begun at once, it would run dry after the first frame.
    performer = Performer(25)
    said = speech(1.0, 16_000)
    beats = []
    pieces = iter(said.chunks(320))
    for number in range(32):
        for _ in range(2):
            if (piece := next(pieces, None)) is not None:
                performer.hear(AudioOutputChunk(piece))
        beats.append(performer.beat(number))
    spoken = [beat.number for beat in beats if beat.speaking]
    assert 1 <= spoken[0] <= 4
    assert spoken == list(range(spoken[0], spoken[-1] + 1))
    assert np.array_equal(sound_of(beats[spoken[0] :])[: len(said)], said.samples)


def test_a_sound_too_short_to_go_on_is_played_after_all() -> None:
    performer = Performer(30)
    said = speech(0.05, 48_000)
    performer.hear(AudioOutputChunk(said))  # and nothing after it, not even an end
    beats = perform(performer, 20)
    first = next(beat.number for beat in beats if beat.speaking)
    assert first <= 10
    assert np.array_equal(sound_of(beats[first:])[: len(said)], said.samples)


def test_the_mouth_opens_with_speech_and_rests_after_it() -> None:
    performer = Performer(30)
    performer.hear(AudioOutputChunk(speech(0.5), final=True))
    beats = perform(performer, 25)
    heights = [float(opening(beat.mouth)) for beat in beats]
    assert max(heights[3:12]) > 8
    assert np.allclose(beats[-1].mouth, REST, atol=1e-4)


@pytest.mark.parametrize("fps", [25, 30, 60])
def test_a_cut_is_silent_at_once_and_eases_the_mouth_shut(fps: int) -> None:
    performer = Performer(fps)
    performer.hear(AudioOutputChunk(speech(2.0), marks=(Mark("phoneme", "ɑː", 0.0),)))
    number = fps // 2
    before = perform(performer, number)[-1]
    performer.cut()
    assert performer.ahead_s == 0
    after = perform(performer, fps // 2, number)
    assert not sound_of(after).any()
    heights = [float(opening(beat.mouth)) for beat in (before, *after)]
    assert heights[0] > 20
    steps = -np.diff(heights)
    assert (steps >= -1e-4).all()  # only ever closing
    assert max(steps) < heights[0]  # not in one jump
    shut = next(index for index, height in enumerate(heights) if height < 0.5)
    assert 0.1 <= shut / fps < 0.1 + 2 / fps


def test_speech_after_a_cut_is_new_speech() -> None:
    performer = Performer(30)
    performer.hear(AudioOutputChunk(speech(1.0)))
    perform(performer, 5)
    performer.cut()
    again = speech(0.3, 16_000)
    performer.hear(AudioOutputChunk(again, final=True))
    assert np.array_equal(sound_of(perform(performer, 12))[: len(again)], again.samples)


def test_sound_that_is_no_number_passes_and_moves_no_mouth_out_of_its_face() -> None:
    performer = Performer(30)
    broken = speech(0.5, 16_000, form="f32")
    broken.samples[100:200] = np.nan
    broken.samples[300:310] = np.inf
    performer.hear(AudioOutputChunk(broken, final=True))
    beats = perform(performer, 16)
    assert np.array_equal(sound_of(beats)[: len(broken)], broken.samples, equal_nan=True)
    assert all(np.isfinite(beat.mouth).all() for beat in beats)


def test_an_end_without_sound_is_no_speech() -> None:
    performer = Performer(30)
    performer.hear(AudioOutputChunk(final=True))
    performer.hear(AudioOutputChunk(PcmData(24_000, "s16")))
    performer.hear(AudioOutputChunk(final=True))
    assert performer.ready
    assert not any(beat.speaking for beat in perform(performer, 3))
