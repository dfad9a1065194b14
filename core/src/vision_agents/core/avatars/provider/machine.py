"""The states of a supervised avatar, and which may follow which. Pure: time is an argument."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from vision_agents.core.errors import StateError


class State(Enum):
    """What the avatar as a whole is doing."""

    CONNECTING = "connecting"
    """The first session is being opened."""
    READY = "ready"
    """A session is up and has nothing to say."""
    SPEAKING = "speaking"
    """A session is up and speech is on its way."""
    RECONNECTING = "reconnecting"
    """No session; another is being opened, and the voice speaks alone meanwhile."""
    DEGRADED = "degraded"
    """No session for a long time or for good: voice only."""
    CLOSED = "closed"
    """Over."""


_UP = (State.READY, State.SPEAKING)

LEGAL: dict[State, frozenset[State]] = {
    State.CONNECTING: frozenset({*_UP, State.DEGRADED, State.CLOSED}),
    State.READY: frozenset({State.SPEAKING, State.RECONNECTING, State.DEGRADED, State.CLOSED}),
    State.SPEAKING: frozenset({State.READY, State.RECONNECTING, State.DEGRADED, State.CLOSED}),
    State.RECONNECTING: frozenset({*_UP, State.DEGRADED, State.CLOSED}),
    State.DEGRADED: frozenset({*_UP, State.CLOSED}),
    State.CLOSED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Transition:
    """A change of state; ``lasted_s`` is how long the old one was held."""

    old: State
    new: State
    at_s: float
    lasted_s: float
    reason: str


class Machine:
    """Holds the state. Every method returns the change it made, or ``None`` for none."""

    def __init__(self, now_s: float) -> None:
        self.state = State.CONNECTING
        self._since_s = now_s
        self.faceless_since_s: float | None = None
        """Since when a session that was up is missing."""

    def up(self, now_s: float, *, speaking: bool) -> Transition | None:
        """A session is there and speech is, or is not, on its way."""
        self.faceless_since_s = None
        return self._to(State.SPEAKING if speaking else State.READY, now_s, "")

    def lost(self, now_s: float, reason: str) -> Transition | None:
        """The session is gone and another is being opened."""
        if self.state not in _UP:
            return None
        self.faceless_since_s = now_s
        return self._to(State.RECONNECTING, now_s, reason)

    def degrade(self, now_s: float, reason: str) -> Transition | None:
        """No session can be had for now, or for good."""
        if self.faceless_since_s is None:
            self.faceless_since_s = now_s
        return self._to(State.DEGRADED, now_s, reason)

    def close(self, now_s: float, reason: str) -> Transition | None:
        return self._to(State.CLOSED, now_s, reason)

    def _to(self, new: State, now_s: float, reason: str) -> Transition | None:
        old = self.state
        if new is old:
            return None
        if new not in LEGAL[old]:
            raise StateError(f"an avatar that is {old.value} cannot become {new.value}")
        change = Transition(old, new, now_s, now_s - self._since_s, reason)
        self.state, self._since_s = new, now_s
        return change
