"""The conformance kit, whole, against the stand-in and a real LiveKit server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from plugins.lemonslice.tests.helpers import (
    SIZE,
    Received,
    serving,
    session_at,
    settings_for,
    until,
)
from vision_agents.core.avatars.provider import Finished
from vision_agents.core.testing.conformance import AvatarConformance, Bench, Fault
from vision_agents.core.testing.markers import speech_with_markers
from vision_agents.plugins.lemonslice import LemonSliceAvatar
from vision_agents.plugins.lemonslice.sandbox import API_KEY, Faults
from vision_agents.plugins.lemonslice.sandbox.service import SandboxService
from vision_agents.plugins.livekit.sandbox import LiveKitServer


@pytest.fixture(scope="module")
def warm_server(livekit_server: LiveKitServer) -> LiveKitServer:
    """A server whose client library has made the sockets that it keeps for the whole process."""

    async def speak_once() -> None:
        received = Received()
        async with (
            serving() as service,
            session_at(service, livekit_server.connection, received) as session,
        ):
            await session.send(speech_with_markers(0.2, 16_000), utterance=1)
            await session.end(utterance=1)
            await until(lambda: received.told(Finished, 1))

    # Not asyncio.run, which forgets the loop that older pytest-asyncio has set and means to close.
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        runner.run(speak_once())
    return livekit_server


@pytest.mark.wire
@pytest.mark.livekit
class TestLemonSlice(AvatarConformance):
    provider = "vision_agents.plugins.lemonslice.hooks"

    server: LiveKitServer

    @pytest.fixture(autouse=True)
    def _use_server(self, warm_server: LiveKitServer) -> None:
        self.server = warm_server

    @asynccontextmanager
    async def bench(self) -> AsyncIterator[Bench]:
        connection = self.server.connection
        # Its own render latency, half a second before each utterance, is not what is tested.
        async with serving(Faults(render_latency_s=0.1)) as service:
            settings = settings_for(service, connection)
            yield Bench(
                make=lambda: LemonSliceAvatar(**settings.as_arguments()),
                log=service.log,
                faults=faults_of(service),
                secrets=(API_KEY, connection.api_secret),
                source_size=SIZE,
                forget=service.forget,
            )


def faults_of(service: SandboxService) -> dict[Fault, Callable[[], object]]:
    faults = service.faults

    def refuse(status: int) -> Callable[[], object]:
        return lambda: faults.status.__setitem__("create", status)

    def slow() -> None:
        faults.worker.join_delay_s = 1.0

    def hang() -> None:
        faults.worker.never_join = True

    def hang_control() -> None:
        faults.hang_control = True

    return {
        Fault.AUTH: refuse(401),
        Fault.QUOTA: refuse(402),
        Fault.BUSY: refuse(429),
        Fault.HANG: hang,
        Fault.SLOW: slow,
        Fault.DROP: service.drop,
        Fault.STALL: service.stall,
        Fault.HANG_DISCONNECT: hang_control,
    }
