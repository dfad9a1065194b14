"""What is asked of every avatar, asked of LiveAvatar's on its stand-in and a real room."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from vision_agents.core.testing.conformance import AvatarConformance, Bench, Fault
from vision_agents.core.testing.puppet import flash_draw
from vision_agents.core.testing.viewer import MeasuredCall
from vision_agents.plugins.liveavatar.avatar import LiveAvatarAvatar
from vision_agents.plugins.liveavatar.sandbox import AVATAR_ID, Faults
from vision_agents.plugins.liveavatar.sandbox.service import SandboxService
from vision_agents.plugins.liveavatar.sandbox.stage import livekit_stages
from vision_agents.plugins.livekit.sandbox.server import LiveKitServer

KEY = "a-key-that-nobody-may-read"
SIZE = (320, 180)


@asynccontextmanager
async def bench_at(server: LiveKitServer) -> AsyncIterator[Bench]:
    faults = Faults(size=SIZE)
    stages = livekit_stages(server.connection, flash_draw)

    def lose_session() -> None:
        faults.refuse_redial = True  # else the session goes on over another socket
        service.cut()

    async with SandboxService(stages, api_key=KEY, faults=faults) as service:
        yield Bench(
            make=lambda: LiveAvatarAvatar(
                avatar_id=AVATAR_ID,
                api_key=KEY,
                base_url=service.url,
                width=SIZE[0],
                height=SIZE[1],
            ),
            log=service.log,
            faults={
                Fault.AUTH: lambda: faults.status.update(token=401),
                Fault.QUOTA: lambda: faults.status.update(token=402),
                Fault.BUSY: lambda: faults.status.update(start=429),
                Fault.HANG: lambda: setattr(faults, "never_connected", True),
                Fault.SLOW: lambda: setattr(faults, "connected_delay_s", 2.5),
                Fault.DROP: lose_session,
                Fault.STALL: service.freeze,
                Fault.HANG_DISCONNECT: lambda: setattr(faults, "deaf_at_end", True),
            },
            secrets=(KEY,),
            source_size=SIZE,
            forget=service.sessions.clear,
        )


@pytest.fixture(scope="module")
def warm_server(livekit_server: LiveKitServer) -> LiveKitServer:
    """A server whose client library has made the sockets that it keeps for the whole process."""

    async def call() -> None:
        async with bench_at(livekit_server) as bench, MeasuredCall(bench.make()) as call:
            await call.say(0.3)

    # Not asyncio.run, which forgets the loop that older pytest-asyncio has set and means to close.
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        runner.run(call())
    return livekit_server


@pytest.mark.wire
@pytest.mark.livekit
class TestLiveAvatar(AvatarConformance):
    provider = "vision_agents.plugins.liveavatar.hooks"
    server: LiveKitServer

    @pytest.fixture(autouse=True)
    def _use_server(self, warm_server: LiveKitServer) -> None:
        self.server = warm_server

    def bench(self) -> AbstractAsyncContextManager[Bench]:
        return bench_at(self.server)
