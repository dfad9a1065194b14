"""Playback messages without ids find their utterance, also when some are lost."""

from __future__ import annotations

from vision_agents.plugins.livekit.segments import Segments


def sent(*utterances: int) -> Segments:
    segments = Segments()
    for utterance in utterances:
        segments.sent(utterance)
    return segments


def test_in_order() -> None:
    segments = sent(1, 2)
    assert (segments.started(), segments.finished()) == (1, 1)
    assert (segments.started(), segments.finished()) == (2, 2)
    assert segments.finished() is None
    assert segments.outstanding == 0


def test_chunks_of_one_utterance_are_one_segment() -> None:
    segments = sent(7, 7, 7)
    assert segments.outstanding == 1


def test_a_worker_that_never_tells_of_starts() -> None:
    segments = sent(1, 2, 3)
    assert [segments.finished() for _ in range(4)] == [1, 2, 3, None]


def test_lost_finish_does_not_put_the_next_one_behind() -> None:
    segments = sent(1, 2)
    assert segments.started() == 1
    assert segments.started() == 2
    assert segments.finished() == 2
    assert segments.outstanding == 0


def test_finish_after_a_clear_belongs_to_what_was_cleared() -> None:
    segments = sent(1)
    segments.started()
    assert segments.clear() == 1
    segments.sent(2)
    assert segments.finished() == 1
    assert (segments.started(), segments.finished()) == (2, 2)


def test_clear_without_a_finish_is_forgotten_at_the_next_start() -> None:
    segments = sent(1)
    segments.clear()
    segments.sent(2)
    assert segments.started() == 2
    assert segments.finished() == 2


def test_clearing_nothing() -> None:
    segments = Segments()
    assert segments.clear() == 0
    assert segments.started() is None
    assert segments.finished() is None
