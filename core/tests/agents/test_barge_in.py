"""A barge-in is silence at once, in one order for every avatar, and harmless at any moment."""

from __future__ import annotations

import asyncio
import random
import time

import pytest

from core.tests.agents.calls import is_loud, loud_s, make_agent, of_type, record
from vision_agents.core.agents import AgentState
from vision_agents.core.edge.loopback import LoopbackEdge
from vision_agents.core.events.agent import AgentErrorEvent, AgentTurnEndedEvent
from vision_agents.core.events.avatar import AvatarInterruptedEvent
from vision_agents.core.testing.clock import virtually
from vision_agents.core.testing.parts import PassthroughAvatar, ToneVoice


@virtually
async def test_a_barge_in_cuts_at_once_and_reports_what_was_heard(
    avatar: PassthroughAvatar | None,
) -> None:
    edge = LoopbackEdge()
    voice = ToneVoice()
    agent = make_agent(edge=edge, tts=voice, avatar=avatar)
    events = record(agent)
    async with agent.join():
        first = asyncio.create_task(agent.say("one two three four five six seven eight"))
        waiting = asyncio.create_task(agent.say("never heard"))
        await asyncio.sleep(0.9)
        assert agent.state is AgentState.SPEAKING
        await agent.interrupt()
        cut_at = len(edge.heard)
        spoken, unheard = await asyncio.gather(first, waiting)
        await asyncio.sleep(0.3)
        after = list(edge.heard)[cut_at:]
        # What is under way may still be heard, 20 ms of it; then silence.
        assert not any(is_loud(pcm) for pcm in after[1:])
        assert (await agent.say("next")).heard_text == "next"
    assert spoken.interrupted
    assert unheard.interrupted
    assert unheard.heard_text == ""
    heard = spoken.heard_text.split()
    assert 2 <= len(heard) <= 6
    assert heard == ["one", "two", "three", "four", "five", "six", "seven", "eight"][: len(heard)]
    assert voice.interruptions == 1
    ended = of_type(events, AgentTurnEndedEvent)
    assert [event.interrupted for event in ended] == [True, False]
    assert ended[0].heard_text == spoken.heard_text
    (cut,) = of_type(events, AvatarInterruptedEvent)
    assert cut.latency_s < 0.05
    assert cut.heard_s == pytest.approx(ended[0].heard_s, abs=0.05)
    if avatar is not None:
        assert len(avatar.interrupted_at_s) == 1


@virtually
async def test_the_barge_in_order_is_the_same_for_every_avatar() -> None:
    """Voice and input first, then the local cut, and only then the avatar is told."""

    class Looks(PassthroughAvatar):
        async def interrupt(self) -> None:
            at_interrupt.append(self.audio_output().buffered)
            at_interrupt.append(self.input_audio_stream.buffered)

    at_interrupt: list[float] = []
    agent = make_agent(avatar=Looks())
    async with agent.join():
        saying = asyncio.create_task(agent.say("a b c d e f g h i j k l m n o p"))
        await asyncio.sleep(0.5)
        await agent.interrupt()
        await saying
    assert at_interrupt == [0, 0]


@virtually
async def test_barge_ins_from_all_sides_leave_the_agent_able_to_speak() -> None:
    """Interrupts before, in and after speech, at once and in a row, with new speech between."""
    edge = LoopbackEdge()
    agent = make_agent(edge=edge, avatar=PassthroughAvatar(), tts=ToneVoice(word_s=0.1))
    rng = random.Random(7)
    async with agent.join():
        for _ in range(15):
            sayings = [asyncio.create_task(agent.say("a b c d e f")) for _ in range(2)]
            await asyncio.sleep(rng.random() * 0.3)
            await asyncio.gather(*(agent.interrupt() for _ in range(rng.randint(1, 3))))
            for spoken in await asyncio.gather(*sayings):
                assert spoken.heard_text in ("a b c d e f", "") or spoken.interrupted
        edge.heard.clear()
        spoken = await agent.say("one two three four five")
    assert spoken.heard_text == "one two three four five"
    assert loud_s(edge) == pytest.approx(0.5, abs=0.05)


@virtually
async def test_an_interrupt_is_harmless_when_nothing_is_said() -> None:
    agent = make_agent(avatar=PassthroughAvatar())
    await agent.interrupt()
    async with agent.join():
        for _ in range(10):
            await agent.interrupt()
        assert (await agent.say("still here")).heard_text == "still here"
    await agent.interrupt()


@virtually
async def test_an_avatar_that_hangs_in_interrupt_does_not_hold_up_the_cut() -> None:
    class Stuck(PassthroughAvatar):
        async def interrupt(self) -> None:
            await asyncio.Event().wait()

    edge = LoopbackEdge()
    agent = make_agent(edge=edge, avatar=Stuck())
    events = record(agent)
    async with agent.join():
        saying = asyncio.create_task(agent.say("a b c d e f g h"))
        await asyncio.sleep(0.5)
        began = time.monotonic()
        interrupting = asyncio.create_task(agent.interrupt())
        await saying
        assert time.monotonic() - began < 0.5
        await interrupting
        assert time.monotonic() - began < 2
    assert any("avatar" in event.where for event in of_type(events, AgentErrorEvent))


@virtually
async def test_cancelling_say_cuts_the_speech() -> None:
    edge = LoopbackEdge()
    agent = make_agent(edge=edge, avatar=PassthroughAvatar())
    async with agent.join():
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await agent.say("a b c d e f g h i j k l m n o p")
        cut_at = len(edge.heard)
        await asyncio.sleep(0.3)
        assert not any(is_loud(pcm) for pcm in list(edge.heard)[cut_at + 1 :])


@virtually
async def test_say_with_interrupt_replaces_what_is_being_said() -> None:
    agent = make_agent(avatar=PassthroughAvatar())
    async with agent.join():
        first = asyncio.create_task(agent.say("a b c d e f g h i j k l m n o p"))
        await asyncio.sleep(0.3)
        second = await agent.say("listen", interrupt=True)
        assert (await first).interrupted
    assert second.heard_text == "listen"
