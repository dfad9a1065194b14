"""Whenever and however a call is left, nothing stays open."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable

import pytest

from core.tests.agents.calls import make_agent, of_type, record, refuses_to_join
from vision_agents.core import Agent
from vision_agents.core.agents import AgentState
from vision_agents.core.edge.loopback import LoopbackEdge
from vision_agents.core.errors import StateError
from vision_agents.core.events.agent import AgentErrorEvent
from vision_agents.core.testing.clock import virtually
from vision_agents.core.testing.parts import PassthroughAvatar, ToneVoice


@virtually
async def test_close_is_idempotent_and_works_from_any_state() -> None:
    agent = make_agent(avatar=PassthroughAvatar())
    await asyncio.gather(agent.close(), agent.close())
    await agent.close()
    assert agent.state is AgentState.CLOSED
    await refuses_to_join(agent, StateError, "one call")


@virtually
async def test_cancelling_in_mid_speech_closes_everything_first() -> None:
    avatar, voice = PassthroughAvatar(), ToneVoice()
    agent = make_agent(avatar=avatar, tts=voice)

    async def call() -> None:
        async with agent.join():
            await agent.say("a b c d e f g h i j k l")

    calling = asyncio.create_task(call())
    await asyncio.sleep(0.4)
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    assert agent.state is AgentState.CLOSED
    assert avatar.closes == 1
    assert voice.closed
    assert avatar.video_output().readyState == "ended"


async def loop_turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    "moments",
    [
        [functools.partial(loop_turns, count) for count in range(1, 60)],
        [functools.partial(asyncio.sleep, ms / 1000) for ms in range(5, 400, 15)],
    ],
    ids=["while it joins", "while it speaks, is interrupted and leaves"],
)
@virtually
async def test_cancelling_a_call_at_any_moment_leaves_nothing_open(
    moments: list[Callable[[], Awaitable[None]]],
) -> None:
    for moment in moments:
        avatar, voice, edge = PassthroughAvatar(), ToneVoice(word_s=0.1), LoopbackEdge()
        agent = make_agent(avatar=avatar, tts=voice, edge=edge)

        async def call(agent: Agent = agent) -> None:
            async with agent.join():
                await agent.say("a")
                await agent.interrupt()

        calling = asyncio.create_task(call())
        await moment()
        calling.cancel()
        await asyncio.wait({calling})
        assert agent.state is AgentState.CLOSED
        assert voice.closed
        assert avatar.closes == 1
        assert avatar.video_output().readyState == "ended"


@virtually
async def test_a_part_that_fails_to_close_does_not_keep_the_others_open() -> None:
    class BadClose(PassthroughAvatar):
        async def close(self) -> None:
            await super().close()
            raise RuntimeError("cannot close")

    voice = ToneVoice()
    agent = make_agent(avatar=BadClose(), tts=voice)
    events = record(agent)
    async with agent.join():
        pass
    assert voice.closed
    assert [event.where for event in of_type(events, AgentErrorEvent)] == ["closing the avatar"]
