"""An agent joins, speaks, is interrupted and leaves; with and without a face."""

from __future__ import annotations

import asyncio
import functools
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vision_agents.core import Agent, User
from vision_agents.core.agents import AgentState
from vision_agents.core.edge.loopback import LoopbackEdge
from vision_agents.core.edge.recorder import RecorderEdge
from vision_agents.core.errors import (
    ConfigError,
    MediaError,
    ProviderTimeoutError,
    StateError,
    StreamStalledError,
    VisionAgentsError,
)
from vision_agents.core.events import BaseEvent
from vision_agents.core.events.agent import AgentErrorEvent, AgentTurnEndedEvent
from vision_agents.core.events.avatar import (
    AvatarDegradedEvent,
    AvatarErrorEvent,
    AvatarInterruptedEvent,
    AvatarPlaybackFinishedEvent,
)
from vision_agents.core.media.pcm import PcmData
from vision_agents.core.plugin import Observers, Registry
from vision_agents.core.testing.clock import virtually
from vision_agents.core.testing.parts import (
    PassthroughAvatar,
    ScriptedLLM,
    ScriptedSTT,
    ToneVoice,
)
from vision_agents.core.tts import TTS, SpeechChunk


def make_agent(**parts: Any) -> Agent:
    parts.setdefault("edge", LoopbackEdge())
    parts.setdefault("tts", ToneVoice())
    return Agent(registry=Registry(()), observers=Observers(()), **parts)


def record(agent: Agent) -> list[BaseEvent]:
    events: list[BaseEvent] = []

    @agent.events.subscribe
    async def keep(event: BaseEvent) -> None:
        events.append(event)

    return events


def loud_s(edge: LoopbackEdge) -> float:
    """Seconds of sound the listener heard."""
    return sum(0.02 for pcm in edge.heard if np.abs(pcm.samples).max(initial=0) > 500)


@pytest.fixture(params=["face", "voice only"])
def avatar(request: pytest.FixtureRequest) -> PassthroughAvatar | None:
    return PassthroughAvatar() if request.param == "face" else None


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
        assert all(np.abs(pcm.samples).max() < 500 for pcm in after[1:])
        assert (await agent.say("next")).heard_text == "next"
    assert spoken.interrupted
    assert unheard.interrupted
    assert unheard.heard_text == ""
    heard = spoken.heard_text.split()
    assert 2 <= len(heard) <= 6
    assert heard == ["one", "two", "three", "four", "five", "six", "seven", "eight"][: len(heard)]
    assert voice.interruptions == 1
    ended = [event for event in events if isinstance(event, AgentTurnEndedEvent)]
    assert [event.interrupted for event in ended] == [True, False]
    assert ended[0].heard_text == spoken.heard_text
    cut = next(event for event in events if isinstance(event, AvatarInterruptedEvent))
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
    assert any(isinstance(e, AgentErrorEvent) and "avatar" in e.where for e in events)


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
        assert all(np.abs(pcm.samples).max() < 500 for pcm in list(edge.heard)[cut_at + 1 :])


@virtually
async def test_say_with_interrupt_replaces_what_is_being_said() -> None:
    agent = make_agent(avatar=PassthroughAvatar())
    async with agent.join():
        first = asyncio.create_task(agent.say("a b c d e f g h i j k l m n o p"))
        await asyncio.sleep(0.3)
        second = await agent.say("listen", interrupt=True)
        assert (await first).interrupted
    assert second.heard_text == "listen"


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
    errors = [event for event in events if isinstance(event, AgentErrorEvent)]
    assert [event.where for event in errors] == ["answering"]


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


# -- avatars that fail --------------------------------------------------------------------------


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
    error = next(event for event in events if isinstance(event, AvatarErrorEvent))
    assert error.fatal
    assert error.provider_name == "passthrough"
    degraded = next(event for event in events if isinstance(event, AvatarDegradedEvent))
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
    degraded = next(event for event in events if isinstance(event, AvatarDegradedEvent))
    assert "passthrough: no answer within 1.3 s" in degraded.reason


@virtually
async def test_join_raises_where_the_avatar_is_indispensable() -> None:
    avatar = PassthroughAvatar(start_s=None)
    agent = make_agent(avatar=avatar, start_timeout_s=0.2, on_avatar_failure="raise")
    with pytest.raises(ProviderTimeoutError, match="passthrough"):
        async with agent.join():
            pytest.fail("the block is never entered")
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


# -- the call -----------------------------------------------------------------------------------


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
    with pytest.raises(ProviderTimeoutError, match="edge"):
        async with agent.join():
            pytest.fail("the block is never entered")
    assert avatar.closes == 1


@virtually
async def test_close_is_idempotent_and_works_from_any_state() -> None:
    agent = make_agent(avatar=PassthroughAvatar())
    await asyncio.gather(agent.close(), agent.close())
    await agent.close()
    assert agent.state is AgentState.CLOSED
    with pytest.raises(StateError, match="one call"):
        async with agent.join():
            pytest.fail("the block is never entered")


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
    assert [e.where for e in events if isinstance(e, AgentErrorEvent)] == ["closing the avatar"]


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
    finished = next(event for event in events if isinstance(event, AvatarPlaybackFinishedEvent))
    assert finished.session_id == agent.session_id
    assert finished.heard_s == pytest.approx(0.4, abs=0.02)


# -- misuse -------------------------------------------------------------------------------------


@virtually
async def test_what_is_missing_is_named() -> None:
    with pytest.raises(ConfigError, match="needs an edge"):
        async with Agent(observers=Observers(())).join():
            pytest.fail("the block is never entered")
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
