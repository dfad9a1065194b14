"""An agent's way through its one call, and what is told to whom when it breaks off."""

from __future__ import annotations

import asyncio

import pytest

from vision_agents.core.agents.lifetime import AgentState, Lifetime
from vision_agents.core.errors import MediaError, StateError, VisionAgentsError


def test_an_agent_is_for_one_call() -> None:
    lifetime = Lifetime()
    lifetime.join()
    for step in (lifetime.enter, lifetime.leave, lifetime.close):
        with pytest.raises(StateError, match=f"this agent is {lifetime.state.value}: .* one call"):
            lifetime.join()
        step()
    assert lifetime.state is AgentState.CLOSED


def test_the_call_is_between_entering_and_leaving() -> None:
    lifetime = Lifetime()
    for step in (lifetime.join, lifetime.enter):
        with pytest.raises(StateError, match=f"the agent is {lifetime.state.value}: it can speak"):
            lifetime.require_call()
        step()
    lifetime.require_call()
    assert lifetime.leave()
    with pytest.raises(StateError, match="the agent is closing"):
        lifetime.require_call()


def test_who_never_entered_has_not_been_in_the_call() -> None:
    lifetime = Lifetime()
    lifetime.join()
    assert not lifetime.leave()


async def test_the_call_is_over_when_it_ends_and_when_the_agent_leaves() -> None:
    for step in (Lifetime.end, Lifetime.leave):
        lifetime = Lifetime()
        waiting = asyncio.create_task(lifetime.wait_over())
        await asyncio.sleep(0)
        assert not waiting.done()
        step(lifetime)
        await waiting
        lifetime.raise_failure()


def test_a_failure_stays_the_reason() -> None:
    lifetime = Lifetime()
    lifetime.end(failure := MediaError("the picture froze"))
    lifetime.end()
    with pytest.raises(MediaError) as caught:
        lifetime.raise_failure()
    assert caught.value is failure


def test_a_strangers_failure_is_named_in_one_of_ours() -> None:
    lifetime = Lifetime()
    lifetime.end(failure := OSError("the cable was pulled"))
    with pytest.raises(VisionAgentsError, match="has ended: the cable was pulled") as caught:
        lifetime.raise_failure()
    assert caught.value.__cause__ is failure
