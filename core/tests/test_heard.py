"""What a listener has heard of an utterance, in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision_agents.core.agents.heard import Script
from vision_agents.core.media.audio_stream import Mark


def _script(*lines: tuple[str, float]) -> Script:
    script = Script()
    for text, seconds in lines:
        script.begin(text)
        script.add(seconds)
    return script


def test_whole_sentences_are_heard_one_after_the_other() -> None:
    script = _script(("One.", 1.0), ("Two.", 1.0))
    assert [script.heard(s) for s in (0.0, 1.0, 2.0, 9.0)] == ["", "One.", "One. Two.", "One. Two."]
    assert script.text == "One. Two."
    assert script.duration_s == 2.0


def test_a_sentence_cut_in_the_middle_ends_with_a_whole_word() -> None:
    script = _script(("alpha beta gamma delta", 2.2))
    assert script.heard(1.0) == "alpha beta"
    assert script.heard(1.3) == "alpha beta"


def test_text_without_spaces_is_cut_by_characters() -> None:
    assert _script(("你好你好你好你好", 4.0)).heard(2.0) == "你好你好"


def test_word_marks_decide_where_there_are_any() -> None:
    script = Script()
    script.begin("I have 3 red apples.")
    script.add(1.0, [Mark("word", "I", 0.0), Mark("word", "have", 0.2), Mark("word", "three", 0.5)])
    script.add(
        1.0, [Mark("phoneme", "r", 0.1), Mark("word", "red", 0.1), Mark("word", "apples", 0.6)]
    )
    assert script.heard(0.6) == "I have"  # "three" is written "3": it comes back with "red"
    assert script.heard(1.15) == "I have 3 red"
    assert script.heard(2.0) == "I have 3 red apples."


def test_a_sentence_without_sound_was_not_heard() -> None:
    assert _script(("🙂", 0.0), ("Hello.", 1.0)).heard(1.0) == "Hello."


@given(
    lines=st.lists(st.tuples(st.text("abc d", min_size=1), st.floats(0.01, 5)), max_size=5),
    times=st.tuples(st.floats(0, 30), st.floats(0, 30)),
)
def test_more_time_never_means_fewer_words(
    lines: list[tuple[str, float]], times: tuple[float, float]
) -> None:
    script = _script(*lines)
    early, late = sorted(times)
    assert script.heard(late).startswith(script.heard(early))


@pytest.mark.parametrize("heard_s", [0.0, 5.0])
def test_an_empty_script_was_never_heard(heard_s: float) -> None:
    assert Script().heard(heard_s) == ""
