"""Agents that call in memory, and what became of it: what was heard, and what was told."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
import pytest

from vision_agents.core import Agent
from vision_agents.core.edge.loopback import LoopbackEdge
from vision_agents.core.events import BaseEvent
from vision_agents.core.media.pcm import PcmData
from vision_agents.core.plugin import Observers, Registry
from vision_agents.core.testing.parts import ToneVoice

EventT = TypeVar("EventT", bound=BaseEvent)


def make_agent(**parts: Any) -> Agent:
    parts.setdefault("edge", LoopbackEdge())
    parts.setdefault("tts", ToneVoice())
    return Agent(registry=Registry(()), observers=Observers(()), **parts)


async def refuses_to_join(agent: Agent, error: type[Exception], match: str) -> None:
    """Joining raises, and its block is never entered."""
    with pytest.raises(error, match=match):
        async with agent.join():
            pytest.fail("the block is never entered")


def record(agent: Agent) -> list[BaseEvent]:
    """All that the agent tells from now on."""
    events: list[BaseEvent] = []

    @agent.events.subscribe
    async def keep(event: BaseEvent) -> None:
        events.append(event)

    return events


def of_type(events: list[BaseEvent], kind: type[EventT]) -> list[EventT]:
    return [event for event in events if isinstance(event, kind)]


def is_loud(pcm: PcmData) -> bool:
    return bool(np.abs(pcm.samples).max(initial=0) >= 500)


def loud_s(edge: LoopbackEdge) -> float:
    """Seconds of sound the listener heard."""
    return sum(0.02 for pcm in edge.heard if is_loud(pcm))
