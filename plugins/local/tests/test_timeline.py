"""A mouth that moves: smooth, shut when it has to be, and led by phoneme marks."""

# ruff: noqa: RUF001 (phonetic letters)

from __future__ import annotations

import numpy as np
import pytest

from vision_agents.plugins.local.face.shapes import CLOSED, NAMES, REST, SHAPES, opening, shape_of
from vision_agents.plugins.local.face.shapes import vector as vector_of
from vision_agents.plugins.local.face.timeline import MARGIN, MouthTrack
from vision_agents.plugins.local.visemes.features import Floats
from vision_agents.plugins.local.visemes.inventory import INDEX, VISEMES


def rows(*runs: tuple[str, int]) -> Floats:
    """Certain probabilities: ``("aa", 10)`` is a hundred milliseconds of it."""
    indices = [INDEX[name] for name, count in runs for _ in range(count)]
    return np.eye(len(VISEMES), dtype=np.float32)[indices]


def track_of(probabilities: Floats, *, step: int = 1000) -> MouthTrack:
    track = MouthTrack()
    for begin in range(0, len(probabilities), step):
        track.push(probabilities[begin : begin + step])
    track.finish()
    return track


def openings(track: MouthTrack, count: int) -> list[float]:
    found = [track.at((row + 0.5) / 100) for row in range(count)]
    return [float(opening(mouth)) for mouth in found if mouth is not None]


def test_vectors_and_shapes_are_two_forms_of_one_thing() -> None:
    for row in SHAPES:
        assert np.array_equal(vector_of(shape_of(row)), row)
    assert SHAPES.shape == (len(VISEMES), len(NAMES))


def test_a_long_vowel_reaches_its_shape_and_silence_its_rest() -> None:
    track = track_of(rows(("sil", 20), ("aa", 20), ("sil", 20)))
    middle, rest = track.at(0.3), track.at(0.595)
    assert middle is not None
    assert np.allclose(middle, SHAPES[INDEX["aa"]], atol=1e-4)
    assert rest is not None
    assert np.allclose(rest, REST, atol=1e-4)


def test_lips_shut_in_the_shortest_closure() -> None:
    # 30 ms of /p/ between two open vowels: blending alone would leave the mouth a third open.
    heights = openings(track_of(rows(("aa", 20), ("PP", 3), ("aa", 20))), 43)
    assert min(heights) < 0.02 * max(heights)
    assert int(np.argmin(heights)) in (20, 21, 22)


def test_movement_is_centred_on_the_sound() -> None:
    heights = np.array(openings(track_of(rows(("sil", 20), ("aa", 20), ("sil", 20))), 60))
    half = heights.max() / 2
    assert np.flatnonzero(np.diff((heights > half).astype(int))).tolist() == [19, 39]


@pytest.mark.parametrize("step", [1, 2, 7])
def test_rows_may_come_in_any_pieces(step: int) -> None:
    probabilities = np.random.default_rng(3).dirichlet(np.ones(15), 40).astype(np.float32)
    assert np.allclose(
        openings(track_of(probabilities, step=step), 40), openings(track_of(probabilities), 40)
    )


def test_the_unknown_future_is_said_to_be_unknown() -> None:
    track = MouthTrack()
    track.push(rows(("aa", 10)))
    assert track.known_s == pytest.approx((10 - MARGIN - 0.5) / 100)
    assert track.at(track.known_s) is not None
    assert track.at(track.known_s + 0.011) is None


def test_marks_go_before_the_classifier() -> None:
    track = MouthTrack()
    track.marks.add("ɑː", 0.1)
    track.marks.add("m", 0.3)
    track.push(rows(("sil", 50)))
    track.finish()
    vowel, closure = track.at(0.2), track.at(0.4)
    assert vowel is not None
    assert np.allclose(vowel, SHAPES[INDEX["aa"]], atol=1e-4)
    assert closure is not None
    assert np.allclose(closure, CLOSED, atol=1e-4)
    before = track.at(0.03)  # the classifier still rules what no mark covers
    assert before is not None
    assert np.allclose(before, REST, atol=1e-4)


def test_an_unknown_phoneme_leaves_it_to_the_classifier() -> None:
    track = MouthTrack()
    track.marks.add("☃", 0.0)
    track.push(rows(("aa", 30)))
    track.finish()
    mouth = track.at(0.15)
    assert mouth is not None
    assert np.allclose(mouth, SHAPES[INDEX["aa"]], atol=1e-4)


def test_a_diphthong_runs_through_both_its_shapes() -> None:
    track = MouthTrack()
    track.marks.add("aʊ", 0.0)
    track.marks.add("s", 0.4)
    track.push(rows(("sil", 60)))
    track.finish()
    first, second = track.at(0.1), track.at(0.3)
    assert first is not None
    assert second is not None
    assert np.allclose(first, SHAPES[INDEX["aa"]], atol=1e-4)
    assert np.allclose(second, SHAPES[INDEX["ou"]], atol=1e-4)
