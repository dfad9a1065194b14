"""A lost socket is dialled again with the session kept, against a real local server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from vision_agents.core.avatars.provider import EndReason
from vision_agents.core.errors import DisconnectedError
from vision_agents.plugins.liveavatar import wire
from vision_agents.plugins.liveavatar.api import LiveAvatarApi
from vision_agents.plugins.liveavatar.channel import LiveAvatarChannel
from vision_agents.plugins.liveavatar.sandbox.service import SandboxService
from vision_agents.plugins.liveavatar.unanswered import Unanswered

from .test_api import api, open_dark, service, settings

__all__ = ["api", "open_dark", "service"]

CHUNK = bytes(4_800)  # 0.1 s


@asynccontextmanager
async def connected(
    service: SandboxService, api: LiveAvatarApi
) -> AsyncIterator[LiveAvatarChannel]:
    started = await api.start(await api.create_token(settings(service)))
    channel = LiveAvatarChannel(started.ws_url, lambda _: None)
    try:
        await channel.dial()
        await channel.wait_connected()
        yield channel
    finally:
        await channel.close()


async def speak(channel: LiveAvatarChannel, chunks: int, *, every_s: float = 0.05) -> None:
    for _ in range(chunks):
        await channel.send(wire.speak("u-1", CHUNK))
        await asyncio.sleep(every_s)
    await channel.send(wire.speak_end("u-1"))
    await asyncio.sleep(0.1)


@pytest.mark.parametrize("silent", [False, True])
async def test_speech_goes_on_over_another_socket(
    service: SandboxService, api: LiveAvatarApi, silent: bool
) -> None:
    service.faults.silent_redial = silent
    async with connected(service, api) as channel:
        (session,) = service.live_sessions
        await channel.send(wire.speak("u-1", CHUNK))  # and its answer: this service gives them
        await asyncio.sleep(0.1)
        service.cut()
        await speak(channel, 5)
        assert session.dials == 2
        assert session.too_early == 0
        assert session.received == [*["agent.speak"] * 6, "agent.speak_end"]
        assert not channel.ended.done()


async def test_what_the_old_socket_swallowed_is_sent_again(
    service: SandboxService, api: LiveAvatarApi
) -> None:
    service.faults.drop_socket_every_s = 0.8
    service.faults.deaf_before_drop_s = 0.3
    async with connected(service, api) as channel:
        (session,) = service.live_sessions
        await speak(channel, 20)
        assert session.dials >= 2
        assert session.received == [*["agent.speak"] * 20, "agent.speak_end"]


async def test_a_refused_redial_ends_the_session_at_once(
    service: SandboxService, api: LiveAvatarApi
) -> None:
    service.faults.refuse_redial = True
    async with connected(service, api) as channel:
        service.cut()
        end = await asyncio.wait_for(asyncio.shield(channel.ended), 1.0)
        assert (end.reason, end.retryable) == (EndReason.DISCONNECTED, True)
        assert "cannot be dialled again" in end.detail
        with pytest.raises(DisconnectedError, match="socket is closed"):
            await channel.send(wire.keep_alive("k"))


async def test_a_session_that_the_service_closed_is_not_dialled_again(
    service: SandboxService, api: LiveAvatarApi
) -> None:
    async with connected(service, api) as channel:
        (session,) = service.live_sessions
        await session.end("IDLE_TIMEOUT")
        end = await asyncio.wait_for(asyncio.shield(channel.ended), 1.0)
        await asyncio.sleep(0.1)
        assert end.reason is EndReason.ENDED
        assert session.dials == 1


async def test_a_service_that_is_gone_is_given_up_in_time(
    service: SandboxService, api: LiveAvatarApi
) -> None:
    async with connected(service, api) as channel:
        await service.close()
        end = await asyncio.wait_for(asyncio.shield(channel.ended), 5.0)
        assert end.retryable


# ------------------------------------------------------------------------ what is repeated
def test_an_answer_stands_for_the_commands_before_it() -> None:
    waiting = Unanswered()
    first, second, end = wire.speak("u", b"ab"), wire.speak("u", b"cd"), wire.speak_end("u")
    for command in (first, second, end):
        waiting.sent(command)
    assert waiting.to_repeat() == []  # it may be a service that never answers
    waiting.answered(wire.Answered("agent.speak", "u"))
    assert waiting.to_repeat() == [second, end]
    waiting.answered(wire.Answered("agent.speak_end", "u"))
    assert waiting.to_repeat() == []


def test_an_interrupt_makes_the_commands_before_it_past() -> None:
    waiting = Unanswered()
    waiting.answered(wire.Answered("agent.speak", "earlier"))
    cut, after = wire.interrupt("u"), wire.speak("v", b"ab")
    for command in (wire.speak("u", b"ab"), cut, after, wire.keep_alive("k")):
        waiting.sent(command)
    assert waiting.to_repeat() == [cut, after]
    waiting.not_sent(after)
    assert waiting.to_repeat() == [cut]
