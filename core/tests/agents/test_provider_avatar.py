"""An agent with a provider's avatar: the voice never dies, whatever happens to the session."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from core.tests.agents.calls import is_loud, loud_s, make_agent, of_type, record, refuses_to_join
from vision_agents.core.avatars.provider import EndReason, SessionEnd
from vision_agents.core.edge.loopback import LoopbackEdge
from vision_agents.core.errors import AuthError, DisconnectedError, ProviderError
from vision_agents.core.events.agent import AgentTurnEndedEvent
from vision_agents.core.events.avatar import AvatarDegradedEvent
from vision_agents.core.testing.clock import virtually
from vision_agents.core.testing.faults import FaultyService
from vision_agents.core.testing.provider import MemoryAvatar


class Call:
    """An agent with an avatar on a service that fails when told to."""

    def __init__(self, **options: Any) -> None:
        self.service = FaultyService()
        self.edge = LoopbackEdge(keep_s=600)
        self.avatar = MemoryAvatar(self.service)
        self.agent = make_agent(edge=self.edge, avatar=self.avatar, **options)
        self.events = record(self.agent)

    def refuse(self, error: ProviderError) -> None:
        self.service.faults.refusals.extend([error] * 100)


@virtually
async def test_speech_goes_through_the_service_and_back() -> None:
    call = Call()
    async with call.agent.join():
        for _ in range(3):
            spoken = await call.agent.say("one two three four five")
            assert spoken.heard_text == "one two three four five"
    assert loud_s(call.edge) == pytest.approx(3.0, abs=0.1)
    turns = of_type(call.events, AgentTurnEndedEvent)
    assert [turn.interrupted for turn in turns] == [False] * 3
    assert call.service.alive == 0


@virtually
async def test_a_barge_in_is_cut_here_and_told_there() -> None:
    call = Call()
    async with call.agent.join():
        saying = asyncio.create_task(call.agent.say("word " * 50))
        await asyncio.sleep(2)
        await call.agent.interrupt()
        cut_at = len(call.edge.heard)
        spoken = await saying
        await asyncio.sleep(1)
        after = list(call.edge.heard)[cut_at:]
        assert not any(is_loud(pcm) for pcm in after[1:])
        assert (await call.agent.say("next words")).heard_text == "next words"
    assert spoken.interrupted
    assert 3 <= len(spoken.heard_text.split()) <= 11
    assert "interrupt" in {name for _, name, _ in call.service.sessions[0].calls}


@pytest.mark.parametrize(
    "refusal",
    [
        AuthError("the key is wrong", provider="memory"),
        DisconnectedError("the service is down", provider="memory"),
    ],
)
@virtually
async def test_a_service_that_refuses_leaves_the_voice(refusal: ProviderError) -> None:
    call = Call()
    call.refuse(refusal)
    began = time.monotonic()
    async with call.agent.join():
        assert time.monotonic() - began < 35
        assert (await call.agent.say("one two three")).heard_text == "one two three"
    assert loud_s(call.edge) == pytest.approx(0.6, abs=0.06)
    assert of_type(call.events, AvatarDegradedEvent)


@virtually
async def test_a_service_that_hangs_leaves_the_voice() -> None:
    call = Call(start_timeout_s=5)
    call.service.faults.hang_connect = True
    began = time.monotonic()
    async with call.agent.join():
        assert time.monotonic() - began < 35
        assert (await call.agent.say("one two three")).heard_text == "one two three"
    assert of_type(call.events, AvatarDegradedEvent)


@virtually
async def test_losing_the_service_for_good_in_mid_speech_loses_no_word() -> None:
    call = Call()
    text = " ".join(f"word{n}" for n in range(40))
    async with call.agent.join():
        saying = asyncio.create_task(call.agent.say(text))
        await asyncio.sleep(3)
        call.refuse(AuthError("the account was closed", provider="memory"))
        lost = AuthError("the account was closed", provider="memory")
        call.service.current.close_from_service(SessionEnd(EndReason.FAILED, "closed", lost))
        spoken = await saying
        assert (await call.agent.say("and on")).heard_text == "and on"
    assert spoken.heard_text == text
    assert not spoken.interrupted
    assert 8.0 <= loud_s(call.edge) <= 9.2  # 0.2 s a word; what was in flight is said again
    assert of_type(call.events, AvatarDegradedEvent)


@virtually
async def test_who_cannot_do_without_the_face_is_told() -> None:
    call = Call(on_avatar_failure="raise")
    call.refuse(AuthError("the key is wrong", provider="memory"))
    await refuses_to_join(call.agent, AuthError, "the key is wrong")
    assert call.service.alive == 0


@virtually
async def test_losing_an_indispensable_face_ends_the_speech_with_the_reason() -> None:
    call = Call(on_avatar_failure="raise")
    async with call.agent.join():
        saying = asyncio.create_task(call.agent.say("word " * 40))
        await asyncio.sleep(3)
        lost = AuthError("the account was closed", provider="memory")
        call.refuse(lost)
        call.service.current.close_from_service(SessionEnd(EndReason.FAILED, "closed", lost))
        with pytest.raises(AuthError, match="the account was closed"):
            await saying


@virtually
async def test_an_avatars_own_choice_counts_where_the_agent_says_nothing() -> None:
    service = FaultyService()
    service.faults.refusals.extend([AuthError("the key is wrong", provider="memory")] * 5)
    avatar = MemoryAvatar(service, on_avatar_failure="raise")
    await refuses_to_join(make_agent(avatar=avatar), AuthError, "the key is wrong")
