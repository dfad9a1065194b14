"""An avatar that fails or hangs leaves the voice, unless it is indispensable."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from core.tests.agents.calls import loud_s, make_agent, of_type, record, refuses_to_join
from vision_agents.core.agents import AgentState
from vision_agents.core.edge.loopback import LoopbackEdge
from vision_agents.core.edge.recorder import RecorderEdge
from vision_agents.core.errors import MediaError, ProviderTimeoutError, StreamStalledError
from vision_agents.core.events.avatar import AvatarDegradedEvent, AvatarErrorEvent
from vision_agents.core.media.pcm import PcmData
from vision_agents.core.testing.clock import virtually
from vision_agents.core.testing.parts import PassthroughAvatar, ToneVoice


@virtually
async def test_an_avatar_that_cannot_start_leaves_the_voice() -> None:
    edge = LoopbackEdge()
    avatar = PassthroughAvatar(start_error=ConnectionError("no route"))
    agent = make_agent(edge=edge, avatar=avatar)
    events = record(agent)
    async with agent.join():
        assert (await agent.say("one two three")).heard_text == "one two three"
    assert loud_s(edge) == pytest.approx(0.6, abs=0.06)
    assert edge.audio is not avatar.audio_output()
    (error,) = of_type(events, AvatarErrorEvent)
    assert error.fatal
    assert error.provider_name == "passthrough"
    (degraded,) = of_type(events, AvatarDegradedEvent)
    assert (degraded.to, degraded.reason) == ("voice", "no route")
    assert agent.metrics.summary("avatar.failovers").total == 1
    assert avatar.closes >= 1


@virtually
async def test_an_avatar_that_hangs_in_start_does_not_hang_join() -> None:
    agent = make_agent(avatar=PassthroughAvatar(start_s=None), start_timeout_s=0.3)
    events = record(agent)
    began = time.monotonic()
    async with agent.join():
        assert time.monotonic() - began < 2
        assert (await agent.say("hello")).heard_text == "hello"
    (degraded,) = of_type(events, AvatarDegradedEvent)
    assert "passthrough: no answer within 1.3 s" in degraded.reason


@virtually
async def test_join_raises_where_the_avatar_is_indispensable() -> None:
    avatar = PassthroughAvatar(start_s=None)
    agent = make_agent(avatar=avatar, start_timeout_s=0.2, on_avatar_failure="raise")
    await refuses_to_join(agent, ProviderTimeoutError, "passthrough")
    assert agent.state is AgentState.CLOSED
    assert avatar.closes == 1


@virtually
async def test_losing_an_indispensable_avatar_ends_the_speech() -> None:
    avatar = PassthroughAvatar()
    agent = make_agent(avatar=avatar, on_avatar_failure="raise")
    async with agent.join():
        saying = asyncio.create_task(agent.say("a b c d e f g h i j k l m n"))
        await asyncio.sleep(0.2)
        lost = MediaError("the service went away")
        avatar.events.send(AvatarErrorEvent(exc=lost, fatal=True))
        with pytest.raises(MediaError, match="went away"):
            await saying
        with pytest.raises(MediaError, match="went away"):
            await agent.finish()


@virtually
async def test_a_dead_avatar_does_not_hang_say() -> None:
    class Dead(PassthroughAvatar):
        async def _consume(self) -> None:
            return

    agent = make_agent(avatar=Dead(), tts=ToneVoice(word_s=4.0))
    async with agent.join():
        with pytest.raises(StreamStalledError, match="stopped reading"):
            await agent.say("a b c d e f g h i j k")


@virtually
async def test_an_avatar_that_gives_nothing_back_does_not_hang_say(tmp_path: Path) -> None:
    """Live the stream's watchdog ends it; in a recording, whose time stands still, the agent."""

    class Mute(PassthroughAvatar):
        async def _show(self, pcm: PcmData) -> None:
            del pcm

    for edge in (LoopbackEdge(), RecorderEdge(tmp_path / "talk.mp4")):
        agent = make_agent(edge=edge, avatar=Mute())
        began = time.monotonic()
        async with agent.join():
            spoken = await agent.say("a b c")
            assert time.monotonic() - began < 70
        assert spoken.interrupted
        assert spoken.heard_text == ""
