"""Laying returned sound along the script, through silence, delays and losses."""

from __future__ import annotations

import random

import pytest

from vision_agents.core.avatars.provider.echo import Echo
from vision_agents.core.avatars.provider.levels import Profile

W = 0.02


def _speech(windows: list[bool]) -> Profile:
    profile = Profile()
    for index, loud in enumerate(windows):
        profile.add(index * W, (index + 1) * W, loud=loud)
    return profile


def _words(count: int, *, word: int = 12, pause: int = 6) -> list[bool]:
    return ([True] * word + [False] * pause) * count


def _return(echo: Echo, windows: list[bool], *, sent_s: float, from_s: float = 0.0) -> float:
    now_s = from_s
    for loud in windows:
        now_s += W
        echo.sound(W, loud=loud, sent_s=sent_s, now_s=now_s)
    return now_s


def test_silence_before_speech_does_not_count() -> None:
    speech = _words(3)
    echo = Echo(_speech(speech), 0.0, now_s=0.0)
    _return(echo, [False] * 40, sent_s=len(speech) * W)
    assert echo.position_s == 0.0
    _return(echo, speech[:10], sent_s=len(speech) * W)
    assert echo.position_s == pytest.approx(10 * W)


def test_silence_in_the_place_of_speech_stops_the_position() -> None:
    speech = _words(4)
    echo = Echo(_speech(speech), 0.0, now_s=0.0)
    end_s = len(speech) * W
    _return(echo, [*speech[:5], *[False] * 100], sent_s=end_s)
    assert echo.position_s == pytest.approx(5 * W)
    assert echo.owes(end_s)
    _return(echo, speech[5:], sent_s=end_s)
    assert echo.position_s == pytest.approx(end_s)


def test_a_pause_made_longer_or_shorter_is_made_up_for() -> None:
    speech = _words(2)
    echo = Echo(_speech(speech), 0.0, now_s=0.0)
    end_s = len(speech) * W
    longer = [*speech[:18], *[False] * 30, *speech[18:24]]
    _return(echo, longer, sent_s=end_s)
    assert echo.position_s == pytest.approx(24 * W)
    shorter = Echo(_speech(speech), 0.0, now_s=0.0)
    _return(shorter, [*speech[:15], *speech[18:24]], sent_s=end_s)
    assert shorter.position_s == pytest.approx(24 * W)


def test_a_word_that_ends_early_is_uncertain_until_the_next_begins() -> None:
    speech = _words(2)
    echo = Echo(_speech(speech), 0.0, now_s=0.0)
    end_s = len(speech) * W
    _return(echo, [*speech[:9], *[False] * 5], sent_s=end_s)
    assert echo.position_s >= 12 * W
    assert echo.certain_s == pytest.approx(9 * W)
    _return(echo, [True], sent_s=end_s)
    assert echo.certain_s == echo.position_s == pytest.approx(19 * W)


def test_no_more_comes_back_than_was_sent() -> None:
    echo = Echo(_speech(_words(5)), 0.0, now_s=0.0)
    _return(echo, [True] * 50, sent_s=0.3)
    assert echo.position_s == pytest.approx(0.3)


@pytest.mark.parametrize("seed", range(50))
def test_losses_do_not_add_up(seed: int) -> None:
    """Up to 5 % of the packets lost for good: the position stays near, and the end is the end."""
    chance = random.Random(seed)
    speech = [
        loud
        for _ in range(12)
        for loud in _words(1, word=chance.randint(8, 40), pause=chance.randint(5, 20))
    ]
    loss = chance.uniform(0.0, 0.05)
    echo = Echo(_speech(speech), 0.0, now_s=0.0)
    end_s = len(speech) * W
    now_s = _return(echo, [False] * 30, sent_s=end_s)
    for index, loud in enumerate(speech):
        if chance.random() < loss:
            continue
        now_s = _return(echo, [loud], sent_s=end_s, from_s=now_s)
        assert abs(echo.position_s - (index + 1) * W) <= 0.6
    _return(echo, [False] * 20, sent_s=end_s, from_s=now_s)
    echo.let_go(0.0, end_s)
    assert not echo.owes(end_s)


@pytest.mark.parametrize(("missing", "owed"), [(5, False), (8, True), (50, True)])
def test_where_nothing_got_lost_a_rest_of_a_tenth_of_a_second_is_owed(
    missing: int, owed: bool
) -> None:
    """A service that stalls just before the end of an utterance looks like a loss there."""
    echo = Echo(_speech([True] * 200), 0.0, now_s=0.0)
    _return(echo, [*[True] * (200 - missing), *[False] * 30], sent_s=4.0)
    echo.let_go(0.0, 4.0)
    assert echo.owes(4.0) is owed


@pytest.mark.parametrize(("missing", "owed"), [(10, False), (50, True)])
def test_where_packets_get_lost_more_of_the_end_is_let_go(missing: int, owed: bool) -> None:
    speech = [*_words(1), *[True] * 200]
    end_s = len(speech) * W
    echo = Echo(_speech(speech), 0.0, now_s=0.0)
    now_s = _return(echo, [*speech[:9], *[False] * 5], sent_s=end_s)  # an end of 60 ms got lost
    back = [*[True] * (200 - missing), *[False] * 30]
    _return(echo, back, sent_s=end_s, from_s=now_s)
    echo.let_go(18 * W, end_s)
    assert echo.owes(end_s) is owed
