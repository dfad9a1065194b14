"""A further provider on the shared protocol is a settings class and one REST call."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
from aiohttp import web

from plugins.livekit.tests.helpers import grey
from vision_agents.core.avatars.provider import EndReason
from vision_agents.core.media import PcmData
from vision_agents.core.plugin import Capabilities, secret, setting
from vision_agents.core.testing.puppet import Puppet
from vision_agents.core.testing.viewer import MeasuredCall
from vision_agents.plugins.livekit import (
    AvatarGuest,
    Invitation,
    LiveKitAvatarSettings,
    LiveKitProviderAvatar,
    RestClient,
    rooms,
)
from vision_agents.plugins.livekit.sandbox import AvatarWorker, LiveKitServer

pytestmark = [pytest.mark.wire, pytest.mark.livekit]

KEY = "acme-key"
RATE_HZ = 24_000


# -- the provider, whole ------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class AcmeSettings(LiveKitAvatarSettings):
    api_key: str = secret(env="ACME_API_KEY")
    base_url: str = setting("https://acme.example/v1", env="ACME_URL")


class AcmeAvatar(LiveKitProviderAvatar):
    provider_name = "acme"
    capabilities: ClassVar = Capabilities(sample_rate_hz=RATE_HZ, chunk_s=0.2)

    def __init__(self, settings: AcmeSettings) -> None:
        super().__init__(settings.connection(), width=320, height=240, fps=25)
        self._settings = settings

    async def invite(self, invitation: Invitation) -> AvatarGuest:
        rest = RestClient(
            self._settings.base_url, provider="acme", headers={"X-Key": self._settings.api_key}
        )
        try:
            body = {"livekit_url": invitation.url, "livekit_token": invitation.token}
            reply = await rest.request("POST", "/sessions", body=body, phase="the Acme session")
        finally:
            await rest.close()
        return AvatarGuest(reply["id"])


# -- its service, played ------------------------------------------------------------------------


class AcmeService:
    """Starts a worker for each session; knows no way to end one."""

    def __init__(self) -> None:
        self.workers: list[AvatarWorker] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def create(self, request: web.Request) -> web.Response:
        if request.headers.get("X-Key") != KEY:
            return web.json_response({"detail": "wrong key"}, status=401)
        body: dict[str, Any] = await request.json()
        puppet = Puppet(grey, rate_hz=RATE_HZ, fps=25, latency_s=0.2)
        worker = AvatarWorker(body["livekit_url"], body["livekit_token"], puppet, size=(160, 120))
        self.workers.append(worker)
        self._tasks.append(asyncio.create_task(worker.run()))
        return web.json_response({"id": f"s{len(self.workers)}"})

    async def gone(self) -> None:
        """Wait until every worker has left."""
        await asyncio.wait_for(asyncio.gather(*self._tasks), 5)


@asynccontextmanager
async def acme() -> AsyncIterator[tuple[AcmeService, str]]:
    service = AcmeService()
    app = web.Application()
    app.router.add_post("/sessions", service.create)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield service, f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def settings(server: LiveKitServer, url: str) -> AcmeSettings:
    connection = server.connection
    environ = {
        "ACME_API_KEY": KEY,
        "ACME_URL": url,
        "LIVEKIT_URL": connection.url,
        "LIVEKIT_API_KEY": connection.api_key,
        "LIVEKIT_API_SECRET": connection.api_secret,
    }
    return AcmeSettings.from_env(environ=environ)


async def test_speaks_is_interrupted_and_leaves_nobody_behind(
    livekit_server: LiveKitServer,
) -> None:
    async with acme() as (service, url):
        avatar = AcmeAvatar(settings(livekit_server, url))
        async with MeasuredCall(avatar) as call:
            whole = await call.say(1.5)
            cut = await call.say(4.0, interrupt_after_s=0.5)
            again = await call.say(0.7)
        await service.gone()
    assert whole.finished.heard_s == pytest.approx(1.5, abs=0.03)
    assert not whole.finished.interrupted
    assert cut.finished.interrupted
    assert again.finished.heard_s == pytest.approx(0.7, abs=0.03)
    (worker,) = service.workers
    assert [s.attributes["sample_rate"] for s in worker.segments] == ["24000"] * 3
    assert [s.faults for s in worker.segments] == [[], [], []]
    assert len(worker.clears) >= 1
    assert not [r for r in await rooms.list_rooms(livekit_server.connection) if "acme" in r]


async def test_stranger_who_comes_and_goes_disturbs_nothing(
    livekit_server: LiveKitServer,
) -> None:
    from plugins.livekit.tests.helpers import joined, performing

    async with acme() as (service, url):
        avatar = AcmeAvatar(settings(livekit_server, url))
        async with MeasuredCall(avatar) as call:
            (worker,) = service.workers
            saying = asyncio.create_task(call.say(2.0))
            async with (
                joined(livekit_server, worker.room.name, "stranger", agent=True) as stranger,
                performing(stranger, Puppet(grey, rate_hz=RATE_HZ, fps=25)),
            ):
                answer = await stranger.call(
                    f"{worker.room.name}-agent", "lk.playback_finished", "{}", timeout_s=2
                )
            assert answer == "reject"
            spoken = await saying
        await service.gone()
    assert spoken.finished.heard_s == pytest.approx(2.0, abs=0.03)


async def test_guest_without_anything_is_enough() -> None:
    guest = AvatarGuest("s1")
    await guest.keep_alive()
    await guest.user_speaking(True)
    await guest.end(EndReason.CLOSED)
    assert guest.limits.session_id == "s1"
    with pytest.raises(Exception, match="has not joined"):
        await guest.send_data(b"", "t")
    assert PcmData(RATE_HZ, "s16").duration == 0
