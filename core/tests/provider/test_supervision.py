"""What the supervisor does without being asked: chunks, pace, signs of life, reports."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from vision_agents.core.avatars.provider import Capabilities, Limits
from vision_agents.core.events.agent import UserTurnEndedEvent, UserTurnStartedEvent
from vision_agents.core.events.avatar import (
    AvatarDegradedEvent,
    AvatarDisconnectedEvent,
    AvatarRenewedEvent,
    AvatarStateChangedEvent,
)
from vision_agents.core.media.pcm import PcmData
from vision_agents.core.testing.faults import FaultyService
from vision_agents.core.testing.provider import MemoryAvatar

Virtual = Callable[..., Any]


def _with(call: Any, **capabilities: Any) -> Any:
    """A call with a service of these capabilities."""

    class Avatar(MemoryAvatar):
        pass

    Avatar.capabilities = Capabilities(**capabilities)
    service = FaultyService(rate_hz=Avatar.capabilities.sample_rate_hz)
    now = call(Avatar(service))
    now.service = service
    return now


def _calls(now: Any, what: str) -> list[Any]:
    return [(at_s, detail) for at_s, name, detail in now.service.current.calls if name == what]


def test_speech_waits_for_one_chunk_and_no_longer(virtual: Virtual, call: Any) -> None:
    """Speech comes in real time: a piece waits until its chunk is full, and goes at once."""

    async def main() -> None:
        now = _with(call, first_chunk_s=0.1, chunk_s=0.1)
        async with now:
            line = now.line(2.0)
            await now.say(line, speed=1.0)
            await asyncio.sleep(1.0)
        sends = _calls(now, "send")
        assert sum(seconds for _, (_, seconds) in sends) == pytest.approx(2.0)
        for index, (at_s, _) in enumerate(sends):
            first_sample_s = line.said_at_s + index * 0.1
            assert at_s - first_sample_s <= 0.1 + 0.005

    virtual(main())


def test_long_chunks_follow_a_short_first_one_when_speech_is_ahead(
    virtual: Virtual, call: Any
) -> None:
    async def main() -> None:
        now = _with(call, first_chunk_s=0.2, chunk_s=1.0)
        async with now:
            await now.say(now.line(6.0), speed=20.0)
            await asyncio.sleep(7.0)
        lengths = [round(seconds, 3) for _, (_, seconds) in _calls(now, "send")]
        assert lengths[0] == 0.2
        assert max(lengths) == 1.0
        assert sum(lengths) == pytest.approx(6.0)

    virtual(main())


def test_no_message_is_longer_than_the_service_takes(virtual: Virtual, call: Any) -> None:
    async def main() -> None:
        now = _with(call, chunk_s=1.0, max_chunk_bytes=9_600)
        async with now:
            await now.say(now.line(3.0), speed=20.0)
            await asyncio.sleep(4.0)
        assert max(seconds for _, (_, seconds) in _calls(now, "send")) == pytest.approx(0.2)

    virtual(main())


def test_speech_is_sent_no_further_ahead_than_allowed(virtual: Virtual, call: Any) -> None:
    async def main() -> None:
        now = _with(call, chunk_s=0.2, max_lead_s=1.0)
        async with now:
            await now.say(now.line(8.0), speed=50.0)
            await asyncio.sleep(10.0)
        sends = _calls(now, "send")
        sent_s = 0.0
        for at_s, (_, seconds) in sends:
            sent_s += seconds
            assert sent_s - (at_s - sends[0][0]) <= 1.0 + 0.2 + 1e-6
        assert sent_s == pytest.approx(8.0)

    virtual(main())


def test_speech_is_resampled_to_what_the_service_wants(virtual: Virtual, call: Any) -> None:
    async def main() -> None:
        now = _with(call, sample_rate_hz=16_000)
        async with now:
            line = now.line(2.0)
            await now.say(line, speed=4.0)
            await asyncio.sleep(3.0)
        assert sum(seconds for _, (_, seconds) in _calls(now, "send")) == pytest.approx(
            2.0, abs=0.002
        )
        (finished,) = now.listener.finished
        assert not finished.interrupted

    virtual(main())


@pytest.mark.parametrize(
    ("limits", "capabilities", "every_s"),
    [
        (Limits(), {"keep_alive_s": 5.0}, 5.0),
        (Limits(keep_alive_s=2.0), {"keep_alive_s": 5.0}, 2.0),
        (Limits(), {"idle_timeout_s": 20.0}, 10.0),
    ],
)
def test_a_silent_session_is_kept_alive(
    virtual: Virtual, call: Any, limits: Limits, capabilities: dict[str, float], every_s: float
) -> None:
    async def main() -> None:
        now = _with(call, **capabilities)
        now.service.limits = limits
        async with now:
            await asyncio.sleep(31.0)
        moments = [at_s for at_s, _ in _calls(now, "keep_alive")]
        assert len(moments) == int(31.0 / every_s)
        for before_s, after_s in pairwise(moments):
            assert after_s - before_s == pytest.approx(every_s, abs=0.1)

    virtual(main())


def test_the_session_hears_that_a_person_speaks(virtual: Virtual, call: Any) -> None:
    async def main() -> None:
        async with call() as now:
            now.avatar.events.send(UserTurnStartedEvent())
            await asyncio.sleep(0.1)
            now.avatar.events.send(UserTurnEndedEvent())
            await asyncio.sleep(0.1)
            assert [speaking for _, speaking in _calls(now, "user_speaking")] == [True, False]

    virtual(main())


def test_a_face_that_freezes_while_it_speaks_is_replaced_unheard(
    virtual: Virtual, call: Any
) -> None:
    async def main() -> None:
        async with call() as now:
            line = now.line(6.0)
            saying = asyncio.create_task(now.say(line))
            await asyncio.sleep(1.0)
            now.service.faults.stall_picture = True
            await asyncio.sleep(1.7)
            now.service.faults.stall_picture = False
            await saying
            await asyncio.sleep(5.0)
        told = now.tally(line)
        assert not told.lost
        assert told.longest_pause_s <= 0.5
        assert [session.ended_by.value for session in now.service.sessions] == ["stalled", "closed"]
        assert now.seen(AvatarRenewedEvent)
        assert not now.seen(AvatarDegradedEvent)

    virtual(main())


def test_an_utterance_whose_end_mark_is_lost_is_told_as_finished(
    virtual: Virtual, call: Any
) -> None:
    async def main() -> None:
        async with call() as now:
            now.service.faults.lose_end = True
            await now.speak(2.0)
            await asyncio.sleep(0.1)
        (finished,) = now.listener.finished
        assert (finished.reason, finished.interrupted) == ("played", False)

    virtual(main())


def test_states_and_figures_of_a_call(virtual: Virtual, call: Any) -> None:
    async def main() -> None:
        async with call() as now:
            await now.speak(1.0)
            now.service.drop()
            await asyncio.sleep(2.0)
        changes = [(event.old, event.new) for event in now.seen(AvatarStateChangedEvent)]
        assert changes == [
            ("connecting", "ready"),
            ("ready", "speaking"),
            ("speaking", "ready"),
            ("ready", "reconnecting"),
            ("reconnecting", "ready"),
            ("ready", "closed"),
        ]
        ends = [event.reason for event in now.seen(AvatarDisconnectedEvent)]
        assert ends == ["disconnected", "closed"]
        figures = now.avatar.metrics.to_dict()
        assert figures["avatar_sessions__total"] == 2
        assert figures["avatar_reconnections__total"] == 1
        assert figures["avatar_join_latency_ms__avg"] == pytest.approx(200, abs=60)
        assert figures["avatar_session_duration_ms__avg"] > 1000

    virtual(main())


def test_seconds_are_billed_where_there_is_an_account(virtual: Virtual, call: Any) -> None:
    async def main() -> None:
        now = _with(call, needs_account=True)
        async with now:
            await asyncio.sleep(10.0)
        (event,) = now.seen(AvatarDisconnectedEvent)
        assert event.billed_s == pytest.approx(10.2, abs=0.1)
        billed = now.avatar.metrics.summary("avatar.session.billed.s").total
        assert billed == pytest.approx(10.2, abs=0.1)

    virtual(main())


def test_a_voice_of_any_format_is_taken(virtual: Virtual, call: Any) -> None:
    """Stereo floats at 44.1 kHz: the service gets its own, the voice alone passes them on."""
    import numpy as np

    from vision_agents.core.media.audio_stream import AudioOutputChunk

    async def main() -> None:
        async with call() as now:
            tone = np.full((2, 44_100), 0.3, np.float32)
            chunk = AudioOutputChunk(PcmData(44_100, "f32", tone, channels=2), True, 1)
            await now.speech.send(chunk)
            await now.avatar.audio_output().playback.wait_finished(1, 10.0)
            now.service.faults.hang_connect = True
            now.service.drop()
            await asyncio.sleep(0.1)
            await now.speech.send(AudioOutputChunk(chunk.data, True, 2))
            await now.avatar.audio_output().playback.wait_finished(2, 10.0)
        assert [event.interrupted for event in now.listener.finished] == [False, False]

    virtual(main())
