"""What an agent is to say is heard: in order, in time, whoever is there to hear it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import numpy as np
import pytest

from core.tests.agents.calls import loud_s, make_agent, of_type, record
from vision_agents.core import User
from vision_agents.core.agents import AgentState
from vision_agents.core.edge.loopback import LoopbackEdge
from vision_agents.core.errors import MediaError
from vision_agents.core.events.avatar import AvatarPlaybackFinishedEvent
from vision_agents.core.media.pcm import PcmData
from vision_agents.core.testing.clock import virtually
from vision_agents.core.testing.parts import PassthroughAvatar, ToneVoice
from vision_agents.core.tts import TTS, SpeechChunk


@virtually
async def test_what_is_said_is_heard(avatar: PassthroughAvatar | None) -> None:
    edge = LoopbackEdge()
    agent = make_agent(edge=edge, avatar=avatar)
    states = [agent.state]
    async with agent.join(await agent.create_call("default", "room-1")):
        assert edge.call is not None
        assert edge.call.id == "room-1"
        began = time.monotonic()
        spoken = await agent.say("one two three. four five")
        assert 1.0 <= time.monotonic() - began <= 1.3
    assert spoken.text == spoken.heard_text == "one two three. four five"
    assert not spoken.interrupted
    assert loud_s(edge) == pytest.approx(1.0, abs=0.06)
    if avatar is not None:
        assert edge.audio is avatar.audio_output()
        assert edge.video is avatar.video_output()
        assert edge.pictures > 15
    states.append(agent.state)
    assert states == [AgentState.NEW, AgentState.CLOSED]


@virtually
async def test_events_tell_the_story_in_order() -> None:
    agent = make_agent(avatar=PassthroughAvatar(), agent_user=User(name="Ada", id="ada"))
    events = record(agent)
    async with agent.join():
        await agent.say("hello world")
    told = [event.type for event in events if event.type != "plugin.avatar.sync_report"]
    assert told == [
        "agent.joined_call",
        "plugin.avatar.playback_started",
        "agent.agent_turn_started",
        "plugin.avatar.playback_finished",
        "agent.agent_turn_ended",
        "agent.left_call",
    ]
    (finished,) = of_type(events, AvatarPlaybackFinishedEvent)
    assert finished.session_id == agent.session_id
    assert finished.heard_s == pytest.approx(0.4, abs=0.02)


@virtually
async def test_say_takes_the_speechs_time_in_an_empty_room(
    avatar: PassthroughAvatar | None,
) -> None:
    edge = LoopbackEdge(present=False)
    agent = make_agent(edge=edge, avatar=avatar)
    async with agent.join():
        began = time.monotonic()
        spoken = await agent.say("one two three four five")
        assert 1.0 <= time.monotonic() - began <= 1.6
    assert loud_s(edge) == 0
    assert spoken.text == "one two three four five"


@virtually
async def test_listeners_leave_and_come_back_in_mid_sentence() -> None:
    edge = LoopbackEdge()
    agent = make_agent(edge=edge, avatar=PassthroughAvatar())
    async with agent.join():
        began = time.monotonic()
        saying = asyncio.create_task(agent.say("a b c d e f g h i j"))
        await asyncio.sleep(0.5)
        edge.leave()
        await asyncio.sleep(0.6)
        edge.enter()
        await saying
        assert 2.0 <= time.monotonic() - began <= 2.6
    assert 0.8 <= loud_s(edge) <= 1.7


@virtually
async def test_utterances_are_spoken_in_the_order_asked_for() -> None:
    voice = ToneVoice(word_s=0.1)
    agent = make_agent(tts=voice)
    async with agent.join():
        said = await asyncio.gather(agent.say("one"), agent.say("two"), agent.say("three"))
    assert voice.spoken == ["one", "two", "three"]
    assert [spoken.heard_text for spoken in said] == ["one", "two", "three"]


@pytest.mark.parametrize("text", ["", "  \n ", "🙂 🎉", "..."])
@virtually
async def test_a_text_without_sound_is_said_at_once(text: str) -> None:
    agent = make_agent(avatar=PassthroughAvatar())
    async with agent.join():
        async with asyncio.timeout(1):
            spoken = await agent.say(text)
        assert not spoken.interrupted
        assert (await agent.say("and on")).heard_text == "and on"


@virtually
async def test_a_text_of_100_kb_begins_at_once_and_can_be_stopped() -> None:
    edge = LoopbackEdge()
    voice = ToneVoice()
    agent = make_agent(edge=edge, tts=voice, avatar=PassthroughAvatar())
    async with agent.join():
        saying = asyncio.create_task(agent.say("All work and no play. " * 4700))
        await asyncio.sleep(0.6)
        assert loud_s(edge) > 0.1
        await agent.interrupt()
        spoken = await saying
    assert spoken.interrupted
    assert spoken.heard_text.startswith("All work")
    assert len(spoken.heard_text) < 60
    # The voice was not asked for more than the 30 s a stream may hold, at 1 s a sentence.
    assert len(voice.spoken) < 80


@virtually
async def test_a_recording_is_played_like_speech() -> None:
    async def sound() -> AsyncIterator[PcmData]:
        for _ in range(10):
            yield PcmData.from_numpy(np.full(4410, 6000, np.int16), 44_100)

    for avatar in (PassthroughAvatar(), None):
        edge = LoopbackEdge()
        agent = make_agent(edge=edge, tts=None, avatar=avatar)
        async with agent.join():
            spoken = await agent.play(sound())
        assert spoken.text == ""
        assert loud_s(edge) == pytest.approx(1.0, abs=0.08)


class BreaksDown(TTS):
    """A voice that fails after a first word."""

    async def synthesize(self, text: str) -> AsyncIterator[SpeechChunk]:
        del text
        yield SpeechChunk(PcmData.from_numpy(np.full(4800, 6000, np.int16), 24_000))
        raise MediaError("the voice broke down")


@virtually
async def test_a_voice_that_fails_is_heard_so_far_and_then_told_of() -> None:
    edge = LoopbackEdge()
    agent = make_agent(edge=edge, tts=BreaksDown(), avatar=PassthroughAvatar())
    async with agent.join():
        with pytest.raises(MediaError, match="broke down"):
            await agent.say("anything")
        assert loud_s(edge) == pytest.approx(0.2, abs=0.05)
        with pytest.raises(MediaError, match="broke down"):
            await agent.say("again")
