"""What a service saw: kept by a stand-in, read by the conformance kit.

A stand-in calls one method of its ``ServiceLog`` for each thing a client does. That is how a check
knows that the service was told of an interrupt, and not only that a method returned.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from _typeshed import DataclassInstance

    Faults = TypeVar("Faults", bound=DataclassInstance)

__all__ = ["Seen", "ServiceLog", "switched_on"]

What = Literal["opened", "speech", "ended", "interrupted", "closed"]


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing that the service saw, at ``at_s`` monotonic seconds.

    Of a piece of speech: ``seconds`` of sound as the service counts them, and ``size_bytes`` of
    its PCM.
    """

    at_s: float
    what: What
    session: str
    utterance: str = ""
    seconds: float = 0.0
    size_bytes: int = 0


@dataclass
class ServiceLog:
    """Everything a service saw, in order. ``session`` and ``utterance`` are the service's names.

    Where the protocol has no name for utterances, leave it out: an utterance then ends with its
    end or an interrupt.
    """

    seen: list[Seen] = field(default_factory=list)

    def opened(self, session: str) -> None:
        """A session was granted; from here on it would be billed."""
        self._note("opened", session)

    def speech(
        self, session: str, samples: int, rate_hz: int, *, channels: int = 1, utterance: str = ""
    ) -> None:
        """A message with 16-bit PCM arrived: ``samples`` per channel at the service's rate."""
        seconds, size = samples / rate_hz, samples * channels * 2
        self._note("speech", session, utterance, seconds, size)

    def ended(self, session: str, *, utterance: str = "") -> None:
        """The client said that the utterance is complete."""
        self._note("ended", session, utterance)

    def interrupted(self, session: str) -> None:
        """The client told it to stop speaking."""
        self._note("interrupted", session)

    def closed(self, session: str) -> None:
        """The session is over and costs nothing more, whoever ended it."""
        self._note("closed", session)

    def all(self, what: What, *, since_s: float = 0.0) -> list[Seen]:
        """Everything of one kind, from a moment on."""
        return [seen for seen in self.seen if seen.what == what and seen.at_s >= since_s]

    @property
    def open_sessions(self) -> list[str]:
        """Sessions that were opened and not closed: what would still be billed."""
        closed = {seen.session for seen in self.all("closed")}
        return [seen.session for seen in self.all("opened") if seen.session not in closed]

    def _note(
        self,
        what: What,
        session: str,
        utterance: str = "",
        seconds: float = 0.0,
        size_bytes: int = 0,
    ) -> None:
        self.seen.append(Seen(time.monotonic(), what, session, utterance, seconds, size_bytes))


def switched_on(
    faults: Faults, named: Mapping[str, Mapping[str, Any]], names: Iterable[str]
) -> Faults:
    """``faults`` with all of ``names`` switched on; ``named`` says which fields each one sets.

    Raises:
        ValueError: a name that is not in ``named``; the message lists those that are.
    """
    for name in names:
        if name not in named:
            raise ValueError(f"no fault named {name!r}; there are: {', '.join(named)}")
        faults = replace(faults, **named[name])
    return faults
