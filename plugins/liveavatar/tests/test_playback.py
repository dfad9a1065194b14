"""The service's playback events become one report of each kind."""

from __future__ import annotations

import pytest

from vision_agents.core.avatars.provider import Finished, Started
from vision_agents.plugins.liveavatar import wire
from vision_agents.plugins.liveavatar.playback import PlaybackReports, event_id

BOTH_FAMILIES = [
    wire.SpeakStarted(event_id(1)),
    wire.SpeakStarted(""),
    wire.SpeakEnded(event_id(1), interrupted=False),
    wire.SpeakEnded("", interrupted=False),
]


def reports(heard: PlaybackReports, events: list[wire.Event]) -> list[object]:
    return [r for event in events if (r := heard.report(event)) is not None]


@pytest.mark.parametrize(
    "events", [BOTH_FAMILIES, BOTH_FAMILIES[::2], BOTH_FAMILIES[1::2], BOTH_FAMILIES * 2]
)
def test_each_thing_is_said_once_in_whichever_family(events: list[wire.Event]) -> None:
    heard = PlaybackReports()
    heard.sent(1)
    assert reports(heard, events) == [Started(1), Finished(1, None, False)]
    assert not heard.speaking


def test_an_end_of_the_old_utterance_does_not_end_the_new_one() -> None:
    heard = PlaybackReports()
    heard.sent(1)
    reports(heard, [wire.SpeakStarted(event_id(1))])
    heard.interrupted()
    heard.sent(2)
    late: list[wire.Event] = [
        wire.Answered("agent.interrupt", event_id(1)),
        wire.SpeakEnded(event_id(1), interrupted=True),
        wire.SpeakEnded("", interrupted=False),
    ]
    assert reports(heard, late) == []
    assert reports(heard, [wire.SpeakStarted(event_id(2))]) == [Started(2)]


def test_events_of_utterances_never_sent_are_nothing() -> None:
    heard = PlaybackReports()
    assert reports(heard, [wire.SpeakStarted("u-17"), wire.SpeakEnded("", False)]) == []
