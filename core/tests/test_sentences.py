"""Text is given to the voice in whole sentences, as early as possible and without loss."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision_agents.core.agents.sentences import SentenceSplitter, split_sentences


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("", []),
        ("   \n\t ", []),
        ("Hello", ["Hello"]),
        ("Hello there. How are you?  Fine!", ["Hello there.", "How are you?", "Fine!"]),
        ("Pi is 3.14 today.", ["Pi is 3.14 today."]),
        ("See example.org. Now.", ["See example.org.", "Now."]),
        ("Dr. Ada and Mr. B. Smith came. Late.", ["Dr. Ada and Mr. B. Smith came.", "Late."]),
        ('He said "no." Then left.', ['He said "no."', "Then left."]),
        ("Wait... what?!", ["Wait...", "what?!"]),
        ("one\ntwo\n\nthree", ["one", "two", "three"]),
        ("你好。你是谁？我很好！", ["你好。", "你是谁？", "我很好！"]),
        ("नमस्ते। आप कैसे हैं।", ["नमस्ते।", "आप कैसे हैं।"]),
        ("كيف حالك؟ أنا بخير.", ["كيف حالك؟", "أنا بخير."]),
        ("🙂🙃", ["🙂🙃"]),
    ],
)
def test_sentences_of_many_scripts(text: str, sentences: list[str]) -> None:
    assert list(split_sentences(text)) == sentences


def test_a_sentence_is_given_as_soon_as_the_next_begins() -> None:
    splitter = SentenceSplitter()
    given_at: list[list[str]] = [list(splitter.push(piece)) for piece in ("Hel", "lo.", " W", "ho")]
    assert given_at == [[], [], ["Hello."], []]
    assert list(splitter.drain()) == ["Who"]


def test_endless_text_is_cut_at_a_comma_or_a_space_or_anywhere() -> None:
    assert list(split_sentences("aaaa, bbbb cccc", max_chars=10)) == ["aaaa,", "bbbb cccc"]
    assert list(split_sentences("aaaa bbbb cccc", max_chars=10)) == ["aaaa bbbb", "cccc"]
    assert list(split_sentences("x" * 25, max_chars=10)) == ["x" * 10, "x" * 10, "x" * 5]


@given(
    pieces=st.lists(st.text(alphabet="ab .,!?\n。1é🙂", max_size=30), max_size=12),
    max_chars=st.integers(4, 40),
)
def test_nothing_is_lost_added_or_reordered(pieces: list[str], max_chars: int) -> None:
    splitter = SentenceSplitter(max_chars)
    sentences = [s for piece in pieces for s in splitter.push(piece)] + list(splitter.drain())
    squeezed = re.sub(r"\s+", "", "".join(pieces))
    assert re.sub(r"\s+", "", "".join(sentences)) == squeezed
    assert all(0 < len(sentence) <= max_chars for sentence in sentences)


@given(text=st.text(alphabet="ab .!?\n。", max_size=80), cuts=st.lists(st.integers(1, 7)))
def test_the_size_of_the_pieces_does_not_matter(text: str, cuts: list[int]) -> None:
    splitter, at, got = SentenceSplitter(), 0, list[str]()
    for cut in cuts:
        got += splitter.push(text[at : at + cut])
        at += cut
    got += [*splitter.push(text[at:]), *splitter.drain()]
    assert "".join(got).replace(" ", "") == "".join(split_sentences(text)).replace(" ", "")
