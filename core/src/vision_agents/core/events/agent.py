"""Events about the agent: joining, turns and what was said. ``agent.*``"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from vision_agents.core.events.base import BaseEvent

__all__ = [
    "AgentErrorEvent",
    "AgentFinishEvent",
    "AgentJoinedCallEvent",
    "AgentLeftCallEvent",
    "AgentTurnEndedEvent",
    "AgentTurnStartedEvent",
    "UserTranscriptEvent",
    "UserTurnEndedEvent",
    "UserTurnStartedEvent",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class AgentJoinedCallEvent(BaseEvent):
    """Tracks are published; the agent can be seen and heard."""

    type: ClassVar[str] = "agent.joined_call"
    call_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AgentLeftCallEvent(BaseEvent):
    """The agent has left and holds nothing of the call any more."""

    type: ClassVar[str] = "agent.left_call"
    call_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AgentFinishEvent(BaseEvent):
    """The call is over: everybody left, the edge ended it, or ``close()`` was called."""

    type: ClassVar[str] = "agent.finish"


@dataclass(frozen=True, kw_only=True, slots=True)
class AgentTurnStartedEvent(BaseEvent):
    """The first sample of an utterance has left towards the listener, not merely been queued."""

    type: ClassVar[str] = "agent.agent_turn_started"
    utterance_id: int


@dataclass(frozen=True, kw_only=True, slots=True)
class AgentTurnEndedEvent(BaseEvent):
    """An utterance is over: ``heard_text`` is what the listener can have understood of ``text``."""

    type: ClassVar[str] = "agent.agent_turn_ended"
    utterance_id: int
    interrupted: bool
    heard_s: float
    sent_s: float
    text: str
    heard_text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class UserTurnStartedEvent(BaseEvent):
    """A participant began to speak; the agent has been interrupted if it was speaking."""

    type: ClassVar[str] = "agent.user_turn_started"
    participant_id: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class UserTurnEndedEvent(BaseEvent):
    """A participant has said what they wanted to say."""

    type: ClassVar[str] = "agent.user_turn_ended"
    participant_id: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class UserTranscriptEvent(BaseEvent):
    """What a participant said, as far as recognised."""

    type: ClassVar[str] = "agent.user_transcript"
    text: str
    final: bool
    participant_id: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class AgentErrorEvent(BaseEvent):
    """A part of the agent failed while the call went on; ``where`` names it."""

    type: ClassVar[str] = "agent.error"
    where: str
    exc: BaseException
