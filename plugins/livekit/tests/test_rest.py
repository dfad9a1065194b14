"""The REST client against a real local server."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from aiohttp import web

from vision_agents.core.errors import (
    AuthError,
    BusyError,
    DisconnectedError,
    ProtocolError,
    ProviderError,
    ProviderTimeoutError,
    QuotaError,
)
from vision_agents.plugins.livekit.rest import RestClient

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

KEY = "key-nobody-may-see"


@asynccontextmanager
async def serving(
    *answers: Callable[[web.Request], web.Response],
) -> AsyncIterator[tuple[RestClient, list[str]]]:
    """A server that gives ``answers`` in order, the last one for ever; and what it was asked."""
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(f"{request.method} {request.path} {request.headers.get('X-API-Key')}")
        return answers[min(len(asked), len(answers)) - 1](request)

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    client = RestClient(
        f"http://127.0.0.1:{runner.addresses[0][1]}/api/",
        provider="acme",
        headers={"X-API-Key": KEY},
    )
    try:
        yield client, asked
    finally:
        await client.close()
        await client.close()
        await runner.cleanup()


def status(code: int, text: str = '{"detail": "because"}') -> Callable[[web.Request], web.Response]:
    return lambda request: web.Response(status=code, text=text)


async def test_answer_and_headers() -> None:
    async with serving(status(201, '{"id": 3}')) as (client, asked):
        assert await client.request("POST", "/things", body={"a": 1}, phase="p") == {"id": 3}
        assert asked == [f"POST /api/things {KEY}"]


async def test_empty_answer_is_an_empty_object() -> None:
    async with serving(status(204, "")) as (client, _):
        assert await client.request("DELETE", "/x", phase="p") == {}


@pytest.mark.parametrize(
    ("code", "kind", "retryable"),
    [
        (400, ProtocolError, False),
        (401, AuthError, False),
        (402, QuotaError, False),
        (403, AuthError, False),
        (404, ProtocolError, False),
        (408, ProviderTimeoutError, True),
        (422, ProtocolError, False),
        (429, BusyError, True),
        (500, DisconnectedError, True),
        (503, DisconnectedError, True),
    ],
)
async def test_statuses(code: int, kind: type[ProviderError], retryable: bool) -> None:
    async with serving(status(code)) as (client, asked):
        with pytest.raises(kind) as caught:
            await client.request("GET", "/x", phase="the thing", attempts=2)
        assert caught.value.status_code == code
        assert caught.value.retryable is retryable
        assert len(asked) == (2 if retryable else 1)
        assert "because" in str(caught.value) or "the thing" in str(caught.value)
        assert KEY not in str(caught.value) + repr(caught.value)


async def test_second_attempt_succeeds() -> None:
    async with serving(status(503), status(200, "{}")) as (client, asked):
        assert await client.request("GET", "/x", phase="p", attempts=3) == {}
        assert len(asked) == 2


@pytest.mark.parametrize("text", ["<html>bad</html>", "[1]", '"x"'])
async def test_answers_that_are_no_object(text: str) -> None:
    async with serving(status(200, text)) as (client, _):
        with pytest.raises(ProtocolError, match="no JSON"):
            await client.request("GET", "/x", phase="p")


async def test_error_texts_are_short_and_readable() -> None:
    html = "<html>\n\n  Bad   gateway" + "x" * 1000
    async with serving(status(502, html)) as (client, _):
        with pytest.raises(DisconnectedError, match="<html> Bad gateway") as caught:
            await client.request("GET", "/x", phase="p")
        assert len(str(caught.value)) < 400
    problems = '{"detail": [{"loc": ["body", "avatar_id"], "msg": "is no UUID"}]}'
    async with serving(status(422, problems)) as (client, _):
        with pytest.raises(ProtocolError, match="avatar_id: is no UUID"):
            await client.request("GET", "/x", phase="p")


async def test_nobody_listens() -> None:
    client = RestClient("http://127.0.0.1:9", provider="acme", headers={})
    with pytest.raises(DisconnectedError, match=r"no connection to http://127\.0\.0\.1:9"):
        await client.request("GET", "/x", phase="p")
    await client.close()


async def test_no_answer_names_the_phase() -> None:
    release = asyncio.Event()

    async def hang(request: web.Request) -> web.Response:
        await release.wait()
        return web.Response()

    app = web.Application()
    app.router.add_get("/x", hang)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    client = RestClient(f"http://127.0.0.1:{runner.addresses[0][1]}", provider="acme", headers={})
    with pytest.raises(ProviderTimeoutError, match="the long thing"):
        await client.request("GET", "/x", phase="the long thing", timeout_s=0.1)
    release.set()
    await client.close()
    await runner.cleanup()
