"""Faults in the middle of a call: the voice goes on, and an event says why."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from vision_agents.core.avatars.provider import EndReason, Limits, SessionEnd
from vision_agents.core.errors import AuthError, BusyError
from vision_agents.core.events.avatar import AvatarDegradedEvent, AvatarErrorEvent
from vision_agents.core.testing.faults import FaultyService


def _switch(**faults: object) -> Callable[[FaultyService], None]:
    return lambda service: vars(service.faults).update(faults)


FAULTS: dict[str, Callable[[FaultyService], None]] = {
    "drop": FaultyService.drop,
    "no sound, no picture": _switch(stall_sound=True, stall_picture=True),
    "no sound": _switch(stall_sound=True),
    "silence in the place of speech": _switch(stall_sound=True, comfort_silence=True),
    "hanging send": _switch(hang_send=True),
    "hanging interrupt": _switch(stall_sound=True, hang_interrupt=True),
    "silent cap": _switch(silent_cap_s=0.0),
    "announced cap": _switch(loud_cap_s=0.0),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_no_word_is_lost_when_a_fault_hits_in_mid_utterance(
    virtual: Callable[..., Any], call: Any, fault: str
) -> None:
    async def main() -> None:
        async with call() as now:
            line = now.line(5.0)
            asyncio.get_running_loop().call_later(1.9, FAULTS[fault], now.service)
            await now.say(line, speed=1.2)
            playback = now.avatar.audio_output().playback
            finished = await playback.wait_finished(line.utterance_id, 30.0)
            await asyncio.sleep(1.0)
        told = now.tally(line)
        assert not told.lost
        assert told.repeated_s <= 0.5
        assert told.longest_pause_s <= 0.7
        assert not finished.interrupted
        assert [event.reason for event in now.seen(AvatarDegradedEvent)]

    virtual(main())


def test_a_key_revoked_before_a_renewal_loses_the_avatar_at_the_cap(
    virtual: Callable[..., Any], call: Any
) -> None:
    async def main(on_avatar_failure: str) -> None:
        now = call(on_avatar_failure=on_avatar_failure)
        now.service.limits = Limits(max_session_s=20.0)
        now.service.faults.loud_cap_s = 20.0
        async with now:
            now.service.faults.refusals.append(AuthError("revoked", provider="memory"))
            await asyncio.sleep(19.0)
            assert now.state() == "ready"
            assert [event.fatal for event in now.seen(AvatarErrorEvent)] == [False]
            await asyncio.sleep(2.0)
            assert [event.fatal for event in now.seen(AvatarErrorEvent)] == [False, True]
            if on_avatar_failure == "voice":
                assert now.state() == "degraded"
                assert not now.tally(await now.speak(1.0)).lost
                return
            assert now.state() == "closed"
            with pytest.raises(AuthError, match="revoked"):
                await now.avatar.wait_lost()

    virtual(main("voice"))
    virtual(main("raise"))


def test_nothing_more_is_opened_once_the_minutes_are_used_up(
    virtual: Callable[..., Any], call: Any
) -> None:
    async def main() -> None:
        now = call()
        now.service.limits = Limits(max_session_s=20.0)
        async with now:
            now.service.connect_s = 10.0
            now.service.faults.refusals.append(BusyError("full", provider="memory"))
            await asyncio.sleep(17.0)  # the successor is being opened
            now.service.current.close_from_service(SessionEnd(EndReason.QUOTA, "no minutes left"))
            await asyncio.sleep(60.0)
            assert now.state() == "degraded"
            assert len(now.service.sessions) == 1

    virtual(main())
