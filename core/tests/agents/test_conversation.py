"""People are heard and answered, and the model learns what they heard of its answers."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from core.tests.agents.calls import loud_s, make_agent, of_type, record
from vision_agents.core.edge.loopback import LoopbackEdge
from vision_agents.core.events.agent import AgentErrorEvent
from vision_agents.core.media.pcm import PcmData
from vision_agents.core.testing.clock import virtually
from vision_agents.core.testing.parts import PassthroughAvatar, ScriptedLLM, ScriptedSTT, ToneVoice


@virtually
async def test_answers_are_spoken_while_they_are_written() -> None:
    voice, llm = ToneVoice(), ScriptedLLM(["First part. Second part. Third."], piece_s=0.1)
    agent = make_agent(tts=voice, llm=llm, avatar=PassthroughAvatar())
    async with agent.join():
        answering = asyncio.create_task(agent.simple_response("What?"))
        await asyncio.sleep(0.55)
        assert voice.spoken[:1] == ["First part."]
        assert "Third." not in voice.spoken
        spoken = await answering
    assert voice.spoken == ["First part.", "Second part.", "Third."]
    assert llm.asked == ["What?"]
    assert llm.memory == [spoken]
    assert spoken.heard_text == "First part. Second part. Third."
    assert agent.metrics.summary("llm.latency.ms").count == 1
    assert agent.metrics.summary("tts.latency.ms").count == 3
    assert agent.metrics.summary("agent.heard.s").total == pytest.approx(1.0, abs=0.05)


@virtually
async def test_the_model_learns_what_was_heard_of_its_answer() -> None:
    llm = ScriptedLLM(["one two three four five six seven eight nine ten"])
    agent = make_agent(llm=llm, avatar=PassthroughAvatar())
    async with agent.join():
        answering = asyncio.create_task(agent.simple_response("Count."))
        await asyncio.sleep(0.8)
        await agent.interrupt()
        await answering
    assert llm.memory[0].interrupted
    assert llm.memory[0].heard_text.startswith("one two")
    assert not llm.memory[0].heard_text.endswith("ten")


@virtually
async def test_people_are_heard_and_interrupt_and_the_avatar_never_is() -> None:
    """Passthrough: STT and LLM get what people say, and nothing the avatar shows or sounds."""
    edge = LoopbackEdge()
    stt, llm = ScriptedSTT(["hello", "stop"]), ScriptedLLM(["a b c d e f g h i j k l", "yes"])
    agent = make_agent(edge=edge, stt=stt, llm=llm, avatar=PassthroughAvatar())
    events = record(agent)
    said = [PcmData.from_numpy(np.full(960, n, np.int16), 48_000) for n in (1, 2)]
    async with agent.join():
        edge.speak(said[0])
        await asyncio.sleep(0.6)
        assert loud_s(edge) > 0.2
        edge.speak(said[1])
        await asyncio.sleep(0.7)
    assert [pcm.samples[0] for pcm in stt.heard] == [1, 2]
    assert {pcm.participant for pcm in stt.heard} == {edge.listener}
    assert llm.asked == ["hello", "stop"]
    assert [spoken.interrupted for spoken in llm.memory] == [True, False]
    types = [event.type for event in events if event.type.startswith("agent.user")]
    turn = ["agent.user_turn_started", "agent.user_transcript", "agent.user_turn_ended"]
    assert types == turn * 2


@virtually
async def test_a_failing_model_leaves_the_call_alive() -> None:
    edge = LoopbackEdge()
    stt, llm = ScriptedSTT(["one", "two"]), ScriptedLLM([])
    agent = make_agent(edge=edge, stt=stt, llm=llm)
    events = record(agent)
    async with agent.join():
        edge.speak(PcmData(48_000, "s16"))
        await asyncio.sleep(0.1)
        assert (await agent.say("still here")).heard_text == "still here"
    assert [event.where for event in of_type(events, AgentErrorEvent)] == ["answering"]
