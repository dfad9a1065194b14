"""What a provider gives back is counted against what was sent: once, and with a watchdog."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from vision_agents.core.media.chunks import Mark
from vision_agents.core.media.fifo import Span
from vision_agents.core.media.playback_events import (
    Finished,
    MarkPlayed,
    PlaybackEvent,
    UtteranceFinished,
    UtteranceStarted,
)
from vision_agents.core.media.utterances import UtteranceTracker


def play(
    tracker: UtteranceTracker, seconds: float, at_s: float, *, loud: bool = True, heard: bool = True
) -> list[PlaybackEvent]:
    events: list[PlaybackEvent] = []
    for n in range(round(seconds * 50)):
        events += tracker.played([Span(0.02, 0)], loud, at_s + n * 0.02, heard=heard)
    return events


def test_a_returned_utterance_is_followed_by_its_loudness() -> None:
    tracker = UtteranceTracker()
    word = Mark("word", "late", 0.9)
    tracker.sent(4, 1.0, 0.0, marks=[word], final=True, loud=(0.1, 0.95))
    assert play(tracker, 0.5, 1.0, loud=False) == []
    events = play(tracker, 0.9, 1.5) + play(tracker, 0.2, 2.4, loud=False)
    assert [type(event) for event in events] == [UtteranceStarted, MarkPlayed, UtteranceFinished]
    end = events[-1]
    assert isinstance(end, UtteranceFinished)
    assert (end.heard_s, end.interrupted, end.reason) == (1.0, False, "played")


def test_what_nobody_heard_ends_in_its_time_without_having_been_heard() -> None:
    tracker = UtteranceTracker()
    tracker.sent(1, 0.4, 0.0, final=True, loud=(0.0, 0.4))
    events = play(tracker, 0.4, 1.0, heard=False)
    end = events[-1]
    assert isinstance(end, UtteranceFinished)
    assert (end.heard_s, end.interrupted) == (0.0, False)


def test_the_watchdog_ends_what_never_comes() -> None:
    tracker = UtteranceTracker(watchdog_s=3.0)
    tracker.sent(1, 1.0, 0.0, final=True, loud=(0.0, 1.0))
    assert tracker.tick(2.9) == []
    (end,) = tracker.tick(3.1)
    assert isinstance(end, UtteranceFinished)
    assert (end.reason, end.interrupted, end.heard_s) == ("timeout", True, 0.0)
    assert tracker.tick(10) == []


def test_a_provider_that_trims_says_so() -> None:
    tracker = UtteranceTracker()
    tracker.sent(1, 2.0, 0.0, final=True, loud=(0.0, 2.0))
    play(tracker, 1.5, 1.0)
    tracker.report(Finished(1, position_s=1.5), 2.5)
    events = play(tracker, 0.2, 2.5, loud=False)
    assert [type(event) for event in events] == [UtteranceFinished]


def test_the_rest_that_was_never_forwarded_ends_at_the_next_silence() -> None:
    tracker = UtteranceTracker()
    tracker.sent(1, 5.0, 0.0, loud=(0.0, 5.0))
    play(tracker, 1.0, 1.0)
    tracker.cut(2.0)
    events = play(tracker, 0.2, 2.0, loud=False)
    assert len(events) == 1
    end = events[0]
    assert isinstance(end, UtteranceFinished)
    assert end.interrupted
    assert 1.0 <= end.heard_s <= 1.2


steps = st.lists(
    st.one_of(
        st.tuples(st.just("send"), st.integers(1, 4), st.floats(0.02, 1.0), st.booleans()),
        st.tuples(st.just("play"), st.floats(0.02, 2.0), st.booleans(), st.booleans()),
        st.tuples(st.just("wait"), st.floats(0.1, 20.0)),
        st.tuples(st.sampled_from(["flush", "cut", "silence", "provider"])),
    ),
    max_size=40,
)


@settings(deadline=None, derandomize=True, max_examples=200)
@given(steps=steps)
def test_every_utterance_starts_and_finishes_once(steps: list[tuple[object, ...]]) -> None:
    """Whatever happens, in whatever order, until the stream is closed."""
    tracker = UtteranceTracker()
    now, sequence, sending = 0.0, 0, 0
    sent: list[int] = []
    events: list[PlaybackEvent] = []
    for step in steps:
        if step[0] == "send":
            _, chunks, seconds, final = step
            assert isinstance(chunks, int)
            assert isinstance(seconds, float)
            for n in range(chunks):
                if not sending:
                    sequence += 1
                    sending = sequence
                    sent.append(sending)
                last = bool(final) and n == chunks - 1
                events += tracker.sent(sending, seconds, now, final=last, loud=(0, seconds))
                sending = 0 if last else sending
        elif step[0] == "play":
            _, seconds, loud, heard = step
            assert isinstance(seconds, float)
            events += play(tracker, seconds, now, loud=bool(loud), heard=bool(heard))
            now += seconds
        elif step[0] == "wait":
            assert isinstance(step[1], float)
            now += step[1]
            events += tracker.tick(now)
        elif step[0] == "flush":
            events += tracker.flushed(now)
            sending = 0
        elif step[0] == "cut":
            tracker.cut(now)
            sending = 0
        elif step[0] == "silence":
            events += tracker.silent(0.02, now)
        else:
            events += tracker.report(Finished(sequence), now)
    events += tracker.closed(now)
    finished = [e for e in events if isinstance(e, UtteranceFinished)]
    started = [e.utterance_id for e in events if isinstance(e, UtteranceStarted)]
    assert sorted(e.utterance_id for e in finished) == sorted(sent)
    assert len(started) == len(set(started))
    for end in finished:
        assert 0 <= end.heard_s <= end.sent_s + 1e-6
    for utterance in started:
        order = [e for e in events if e.utterance_id == utterance]
        assert isinstance(order[0], UtteranceStarted)
    assert tracker.current is None
