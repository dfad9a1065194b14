"""A call is joined when all is there, ends when the edge says so, and names what is missing."""

from __future__ import annotations

import asyncio
import time

import pytest

from core.tests.agents.calls import make_agent, refuses_to_join
from vision_agents.core.edge.loopback import LoopbackEdge
from vision_agents.core.errors import (
    ConfigError,
    ProviderTimeoutError,
    StateError,
    VisionAgentsError,
)
from vision_agents.core.testing.clock import virtually
from vision_agents.core.testing.parts import PassthroughAvatar


@virtually
async def test_join_waits_for_somebody_only_when_asked_to() -> None:
    edge = LoopbackEdge(present=False)
    agent = make_agent(edge=edge)
    asyncio.get_running_loop().call_later(0.2, edge.enter)
    began = time.monotonic()
    async with agent.join(participant_wait_timeout_s=5):
        assert 0.15 < time.monotonic() - began < 2


@virtually
async def test_an_edge_that_hangs_in_join_is_named() -> None:
    class Hangs(LoopbackEdge):
        async def join(self, call: object, user: object) -> None:
            await asyncio.Event().wait()

    avatar = PassthroughAvatar()
    agent = make_agent(edge=Hangs(), avatar=avatar, start_timeout_s=0.2)
    await refuses_to_join(agent, ProviderTimeoutError, "edge")
    assert avatar.closes == 1


@virtually
async def test_the_call_ends_when_the_edge_says_so() -> None:
    edge = LoopbackEdge()
    agent = make_agent(edge=edge)
    async with agent.join():
        asyncio.get_running_loop().call_later(0.1, edge.hang_up)
        async with asyncio.timeout(2):
            await agent.finish()


@virtually
async def test_an_edge_that_fails_ends_speech_and_call_with_its_reason() -> None:
    edge = LoopbackEdge()
    agent = make_agent(edge=edge, avatar=PassthroughAvatar())
    async with agent.join():
        asyncio.get_running_loop().call_later(0.2, edge.fail, OSError("the cable was pulled"))
        with pytest.raises(VisionAgentsError, match="the cable was pulled"):
            await agent.say("a b c d e f g h i j k l")
        with pytest.raises(VisionAgentsError, match="the cable was pulled"):
            await agent.finish()


@virtually
async def test_what_is_missing_is_named() -> None:
    await refuses_to_join(make_agent(edge=None), ConfigError, "needs an edge")
    agent = make_agent(tts=None)
    async with agent.join():
        with pytest.raises(ConfigError, match=r"pip install 'vision-agents-local\[tts\]'"):
            await agent.say("hello")
        with pytest.raises(ConfigError, match="needs a language model"):
            await agent.simple_response("hello")
    with pytest.raises(StateError, match=r"inside 'async with agent\.join"):
        await make_agent().say("hello")
    with pytest.raises(ConfigError, match="'voice' or 'raise'"):
        make_agent(on_avatar_failure="explode")
