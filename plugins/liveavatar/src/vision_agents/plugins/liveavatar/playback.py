"""From LiveAvatar's playback events to core's reports: one of each kind per utterance.

Pure. The service tells playback in two families of events, with or without the utterance's name,
sometimes in both; whichever comes first counts. ``agent.audio_buffer_cleared`` is not passed on as
"cleared": it comes over the socket some 0.3 s before the last of the old sound has come through the
room, so it would open core's gate too early.
"""

from __future__ import annotations

from typing import TypeAlias

from vision_agents.core.avatars.provider import Finished, Started
from vision_agents.plugins.liveavatar import wire

Report: TypeAlias = Started | Finished

PREFIX = "utterance-"


def event_id(utterance: int) -> str:
    """The ``event_id`` all chunks of one utterance carry."""
    return f"{PREFIX}{utterance}"


def _utterance(name: str) -> int | None:
    number = name.removeprefix(PREFIX)
    return int(number) if number != name and number.isdigit() else None


class PlaybackReports:
    """Knows which utterance the service is at and says each thing about it once."""

    def __init__(self) -> None:
        self._sent: list[int] = []
        self._started: set[int] = set()

    @property
    def speaking(self) -> bool:
        """Whether the service holds speech that it has not reported as played or dropped."""
        return bool(self._sent)

    def sent(self, utterance: int) -> None:
        """Speech of ``utterance`` goes out."""
        if not self._sent or self._sent[-1] != utterance:
            self._sent.append(utterance)

    def interrupted(self) -> None:
        """An interrupt goes out: what was sent so far ends, whether the service says so or not."""
        self._sent.clear()

    def report(self, event: wire.Event) -> Report | None:
        """What ``event`` tells that was not told before; ``None`` where it is nothing new."""
        match event:
            case wire.SpeakStarted(name):
                return self._start(_utterance(name))
            case wire.SpeakEnded(name, interrupted):
                return self._end(_utterance(name), interrupted)
            case _:
                return None

    def _start(self, utterance: int | None) -> Report | None:
        if utterance is None and self._sent:
            utterance = self._sent[0]
        if utterance not in self._sent or utterance in self._started:
            return None
        self._started.add(utterance)
        return Started(utterance)

    def _end(self, utterance: int | None, interrupted: bool) -> Report | None:
        if utterance is None and self._sent:
            utterance = self._sent[0]
        if utterance not in self._sent or utterance not in self._started:
            return None
        del self._sent[: self._sent.index(utterance) + 1]
        return Finished(utterance, None, interrupted)
