"""Where an agent is in its one call, and why that came to its end."""

from __future__ import annotations

import asyncio
from enum import Enum

from vision_agents.core.errors import StateError, VisionAgentsError

__all__ = ["AgentState", "Lifetime"]


class AgentState(Enum):
    """Where an agent is in its one call."""

    NEW = "new"
    JOINING = "joining"
    READY = "ready"
    SPEAKING = "speaking"
    CLOSING = "closing"
    CLOSED = "closed"


class Lifetime:
    """An agent's way through its one call, from ``NEW`` to ``CLOSED`` and never back.

    The call may be over, and may have failed, before the agent leaves it.
    """

    def __init__(self) -> None:
        self.state = AgentState.NEW
        self._over = asyncio.Event()
        self._failure: BaseException | None = None

    def join(self) -> None:
        """Begin to join; ``StateError`` for an agent that has done so before, or was closed."""
        if self.state is not AgentState.NEW:
            raise StateError(
                f"this agent is {self.state.value}: an agent is for one call, make another one"
            )
        self.state = AgentState.JOINING

    def enter(self) -> None:
        """Everything has started: the agent can speak."""
        self.state = AgentState.READY

    def require_call(self) -> None:
        """``StateError`` for an agent that is not in the call, or no longer."""
        if self.state is not AgentState.READY:
            raise StateError(
                f"the agent is {self.state.value}: it can speak only in a call, that is inside "
                "'async with agent.join(call):'"
            )

    def end(self, failure: BaseException | None = None) -> None:
        """The call is over; with a ``failure``, because it could not go on."""
        if failure is not None:
            self._failure = failure
        self._over.set()

    async def wait_over(self) -> None:
        """Wait until the call is over, whichever way."""
        await self._over.wait()

    def raise_failure(self) -> None:
        """Raise why the call could not go on, as a ``VisionAgentsError``; nothing if it could."""
        if isinstance(self._failure, VisionAgentsError):
            raise self._failure
        if self._failure is not None:
            raise VisionAgentsError(f"the call has ended: {self._failure}") from self._failure

    def leave(self) -> bool:
        """Begin to leave, from any state; whether the agent was in the call."""
        entered = self.state is AgentState.READY
        self.state = AgentState.CLOSING
        self._over.set()
        return entered

    def close(self) -> None:
        """Everything is closed."""
        self.state = AgentState.CLOSED
