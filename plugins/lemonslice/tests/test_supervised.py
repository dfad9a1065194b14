"""The whole avatar under core's supervision, when the service or the room goes wrong."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from plugins.lemonslice.tests.helpers import serving, settings_for, until
from vision_agents.core.errors import AuthError, ProviderError, ProviderTimeoutError, QuotaError
from vision_agents.core.events.avatar import (
    AvatarConnectedEvent,
    AvatarDegradedEvent,
    AvatarDisconnectedEvent,
    AvatarErrorEvent,
    AvatarEvent,
    AvatarReconnectingEvent,
)
from vision_agents.core.media.audio_stream import AudioOutputStream
from vision_agents.core.testing.viewer import MeasuredCall
from vision_agents.plugins.lemonslice import LemonSliceAvatar
from vision_agents.plugins.lemonslice.sandbox import API_KEY, Faults
from vision_agents.plugins.lemonslice.sandbox.service import SandboxService
from vision_agents.plugins.livekit import LiveKitConnection, rooms
from vision_agents.plugins.livekit.sandbox import LiveKitServer, WorkerFaults

pytestmark = [pytest.mark.wire, pytest.mark.livekit]


class Log:
    """The avatar's events with their time."""

    def __init__(self, avatar: LemonSliceAvatar) -> None:
        self.events: list[tuple[float, AvatarEvent]] = []

        @avatar.events.subscribe
        async def note(
            event: AvatarConnectedEvent
            | AvatarDegradedEvent
            | AvatarDisconnectedEvent
            | AvatarErrorEvent
            | AvatarReconnectingEvent,
        ) -> None:
            self.events.append((time.monotonic(), event))

    def of(self, kind: type[AvatarEvent]) -> list[Any]:
        return [event for _, event in self.events if isinstance(event, kind)]


def avatar_at(
    service: SandboxService, connection: LiveKitConnection, **values: Any
) -> LemonSliceAvatar:
    avatar = LemonSliceAvatar(**settings_for(service, connection, **values).as_arguments())
    avatar.attach_audio_input(AudioOutputStream())
    return avatar


@pytest.mark.parametrize(
    ("status", "kind"), [(401, AuthError), (402, QuotaError), (403, AuthError)]
)
async def test_refusal_is_told_once_and_not_repeated(
    livekit_server: LiveKitServer, status: int, kind: type[ProviderError]
) -> None:
    async with serving(Faults(status={"create": status})) as service:
        avatar = avatar_at(service, livekit_server.connection)
        avatar.on_avatar_failure = "raise"
        with pytest.raises(kind) as caught:
            await avatar.start()
        await avatar.close()
        assert service.created == 1
        assert caught.value.status_code == status
        assert API_KEY not in str(caught.value)


async def test_service_that_recovers_is_asked_again(livekit_server: LiveKitServer) -> None:
    async with serving(Faults(status={"create": 503}, fail_times=1)) as service:
        avatar = avatar_at(service, livekit_server.connection)
        log = Log(avatar)
        async with MeasuredCall(avatar) as call:
            await until(lambda: service.alive, 10)
            await call.say(0.6)
        assert service.created == 2
        assert log.of(AvatarReconnectingEvent)
        assert all(session.terminated for session in service.sessions.values())


async def test_slow_answer_times_out_by_phase_and_leaves_no_session(
    livekit_server: LiveKitServer,
) -> None:
    async with serving(Faults(answer_delay_s=10)) as service:
        avatar = avatar_at(service, livekit_server.connection)
        avatar.on_avatar_failure = "raise"
        avatar.start_timeout_s = 4.0
        with pytest.raises(ProviderTimeoutError, match="session"):
            await avatar.start()
        await avatar.close()
        # The service has started one and nobody knows its id: put out of the room, it ends.
        await until(lambda: not service.alive, 5)


async def test_worker_that_leaves_is_replaced_and_the_rest_is_spoken(
    livekit_server: LiveKitServer,
) -> None:
    async with serving(Faults(worker=WorkerFaults(leave_after_s=1.0))) as service:
        avatar = avatar_at(service, livekit_server.connection)
        log = Log(avatar)
        async with MeasuredCall(avatar) as call:
            service.faults.worker = WorkerFaults()
            spoken = await call.say(4.0)
            assert spoken.finished.heard_s == pytest.approx(4.0, abs=0.3)
        (lost,) = log.of(AvatarReconnectingEvent)
        assert "left the room" in lost.reason
        (first, *_) = service.sessions.values()
        assert first.ended_s is not None
        (noticed_s,) = (at for at, event in log.events if event is lost)
        assert noticed_s - first.ended_s < 3.0
        assert len(service.sessions) == 2
        assert not service.alive


async def test_frozen_worker_is_noticed_from_the_missing_media(
    livekit_server: LiveKitServer,
) -> None:
    async with serving(Faults(worker=WorkerFaults(freeze_after_s=0.5))) as service:
        avatar = avatar_at(service, livekit_server.connection)
        log = Log(avatar)
        async with MeasuredCall(avatar) as call:
            (first,) = service.sessions.values()
            service.faults.worker = WorkerFaults()
            saying = asyncio.create_task(call.say(4.0))
            await until(lambda: first.first_speech_s is not None)
            assert first.first_speech_s is not None
            frozen_s = first.first_speech_s + 0.5
            await until(lambda: log.of(AvatarReconnectingEvent) or log.of(AvatarDegradedEvent))
            assert time.monotonic() - frozen_s < 3.0
            await saying
            # The face is back for what comes next.
            await until(lambda: len(log.of(AvatarConnectedEvent)) == 2)
            await call.say(1.0)
        assert not service.alive


@pytest.mark.parametrize("how", ["stopped", "frozen"])
async def test_server_that_is_gone_for_five_seconds(
    own_livekit_server: LiveKitServer, how: str
) -> None:
    server = own_livekit_server
    go, come_back = {
        "stopped": (server.stop, server.start),
        "frozen": (server.pause, server.resume),
    }[how]
    async with serving() as service:
        avatar = avatar_at(service, server.connection)
        log = Log(avatar)
        async with MeasuredCall(avatar) as call:
            await call.say(0.5)
            saying = asyncio.create_task(call.say(3.0))
            await asyncio.sleep(1.5)
            go()
            stopped_s = time.monotonic()
            await until(lambda: log.of(AvatarReconnectingEvent) or log.of(AvatarDegradedEvent), 6)
            assert time.monotonic() - stopped_s < 3.0
            await asyncio.sleep(max(0.0, 5.0 - (time.monotonic() - stopped_s)))
            come_back()
            spoken = await asyncio.wait_for(saying, 20)
            assert not spoken.finished.interrupted
            await asyncio.wait_for(call.say(1.0), 15)
        assert log.of(AvatarReconnectingEvent)[0].reason
    assert await rooms.list_rooms(server.connection) == []
