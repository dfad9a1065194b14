"""The REST client against a real local server that plays the service."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import av
import pytest
import pytest_asyncio

from vision_agents.core.errors import (
    AuthError,
    BusyError,
    DisconnectedError,
    ProtocolError,
    ProviderError,
    QuotaError,
)
from vision_agents.core.testing.puppet import Puppet
from vision_agents.plugins.liveavatar.api import LiveAvatarApi
from vision_agents.plugins.liveavatar.sandbox.service import SandboxService
from vision_agents.plugins.liveavatar.settings import LiveAvatarSettings

if TYPE_CHECKING:
    from vision_agents.plugins.liveavatar.sandbox.faults import Faults
    from vision_agents.plugins.liveavatar.sandbox.stage import OnEvent, Stage

AVATAR_ID = str(uuid.uuid4())


class DarkStage:
    """A stage without a room: REST needs none."""

    def __init__(self) -> None:
        picture = av.VideoFrame(16, 16, "yuv420p")
        self.puppet = Puppet(lambda _samples: picture, rate_hz=24_000, fps=25)

    def interrupt(self) -> None:
        self.puppet.interrupt()

    def freeze(self) -> None:
        pass

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def close(self) -> None:
        pass


async def open_dark(
    session_id: str, quality: str, faults: Faults, on_event: OnEvent
) -> tuple[Stage, str, str]:
    del quality, faults, on_event
    return DarkStage(), "ws://127.0.0.1:1", f"token-of-{session_id}"


@pytest_asyncio.fixture
async def service() -> AsyncIterator[SandboxService]:
    async with SandboxService(open_dark, avatar_ids=frozenset({AVATAR_ID})) as service:
        yield service


@pytest_asyncio.fixture
async def api(service: SandboxService) -> AsyncIterator[LiveAvatarApi]:
    api = LiveAvatarApi(base_url=service.url, api_key=service.api_key)
    yield api
    await api.close()


def settings(service: SandboxService, **values: Any) -> LiveAvatarSettings:
    base = {"avatar_id": AVATAR_ID, "api_key": service.api_key, "base_url": service.url}
    return LiveAvatarSettings(**(base | values))


async def test_a_session_is_started_and_stopped(
    service: SandboxService, api: LiveAvatarApi
) -> None:
    started = await api.start(await api.create_token(settings(service, max_session_duration=300)))
    assert started.max_session_s == 300
    assert [s.session_id for s in service.live_sessions] == [started.session_id]
    await api.stop(started.session_id, "USER_CLOSED")
    assert service.live_sessions == []
    assert service.sessions[started.session_id].end_reason == "USER_CLOSED"
    await api.stop(started.session_id, "USER_CLOSED")
    await api.stop("unknown", "USER_CLOSED")


async def test_a_token_starts_one_session(service: SandboxService, api: LiveAvatarApi) -> None:
    token = await api.create_token(settings(service))
    await api.start(token)
    with pytest.raises(AuthError, match="used session token"):
        await api.start(token)


async def test_a_wrong_key_names_the_variable_and_not_the_key(service: SandboxService) -> None:
    api = LiveAvatarApi(base_url=service.url, api_key="hush-hush")
    try:
        with pytest.raises(AuthError, match="LIVEAVATAR_API_KEY") as caught:
            await api.create_token(settings(service))
    finally:
        await api.close()
    assert "hush-hush" not in str(caught.value) + repr(caught.value)
    assert caught.value.status_code == 401
    assert not caught.value.retryable


@pytest.mark.parametrize(
    ("status", "kind", "retryable"),
    [
        (402, QuotaError, False),
        (403, AuthError, False),
        (422, ProtocolError, False),
        (429, BusyError, True),
        (500, DisconnectedError, True),
        (503, DisconnectedError, True),
    ],
)
@pytest.mark.parametrize("not_json", [False, True])
async def test_refusals_have_a_kind(
    service: SandboxService,
    api: LiveAvatarApi,
    status: int,
    kind: type[ProviderError],
    retryable: bool,
    not_json: bool,
) -> None:
    service.faults.status["token"] = status
    service.faults.body_not_json = not_json
    with pytest.raises(kind) as caught:
        await api.create_token(settings(service))
    assert (caught.value.status_code, caught.value.retryable) == (status, retryable)


async def test_refusals_say_what_the_service_says(
    service: SandboxService, api: LiveAvatarApi
) -> None:
    with pytest.raises(ProviderError, match=r"not found; check LIVEAVATAR_AVATAR_ID"):
        await api.create_token(settings(service, avatar_id=str(uuid.uuid4())))
    with pytest.raises(ProviderError, match="avatar_id: Input should be a valid UUID"):
        await api.create_token(settings(service, avatar_id="anna"))
    with pytest.raises(ProviderError, match=r"\(600s\) exceeds the maximum allowed \(60s\)"):
        await api.create_token(settings(service, is_sandbox=True, max_session_duration=600))


async def test_concurrency_is_busy_and_worth_a_retry(
    service: SandboxService, api: LiveAvatarApi
) -> None:
    service.faults.concurrency = 1
    await api.start(await api.create_token(settings(service)))
    with pytest.raises(BusyError, match="Concurrent session limit"):
        await api.start(await api.create_token(settings(service)))


async def test_an_unreachable_service_is_named() -> None:
    api = LiveAvatarApi(base_url="http://127.0.0.1:9", api_key="k")
    try:
        with pytest.raises(DisconnectedError, match=r"no connection to http://127\.0\.0\.1:9"):
            await api.credits_left()
    finally:
        await api.close()


async def test_credits_prove_the_key(api: LiveAvatarApi) -> None:
    assert await api.credits_left() == 100


def test_secrets_stay_out_of_reprs() -> None:
    made = LiveAvatarSettings(avatar_id=AVATAR_ID, api_key="hush-hush")
    assert "hush-hush" not in repr(made)


def test_a_duration_that_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="max_session_duration is 0 s"):
        LiveAvatarSettings(avatar_id=AVATAR_ID, api_key="k", max_session_duration=0)
