"""The HTTP side: the page's files and one WebSocket per page."""

from __future__ import annotations

import asyncio
import errno
import logging
from collections.abc import Awaitable, Callable
from importlib import resources
from typing import TYPE_CHECKING

from aiohttp import WSMsgType, web

from vision_agents.core.errors import ConfigError
from vision_agents.plugins.web import access, wire

if TYPE_CHECKING:
    from vision_agents.plugins.web.settings import WebSettings

logger = logging.getLogger(__name__)

FILES = {
    "/": ("index.html", "text/html"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
    "/style.css": ("style.css", "text/css"),
    "/main.js": ("main.js", "text/javascript"),
    "/call.js": ("call.js", "text/javascript"),
    "/measure.js": ("measure.js", "text/javascript"),
    "/microphone.js": ("microphone.js", "text/javascript"),
    "/plots.js": ("plots.js", "text/javascript"),
}
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'",
    "Permissions-Policy": "microphone=(self), camera=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
HEARTBEAT_S = 10.0
"""A page that answers no ping for this long is gone (laptop closed, cable pulled)."""
HELLO_TIMEOUT_S = 10.0
GOODBYE_TIMEOUT_S = 1.0
"""For the page to answer that we hang up."""
SHUTDOWN_TIMEOUT_S = 2.0
WRONG_TOKEN = 4401
"""WebSocket close code: trying again by itself will not help."""


class Channel:
    """The WebSocket of one page that may stay; sends and receives our messages."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self._socket = socket

    async def send(self, message: wire.ServerMessage) -> None:
        """Send, unless the page has gone meanwhile."""
        if not self._socket.closed:
            try:
                await self._socket.send_str(wire.encode(message))
            except ConnectionError:
                logger.debug("the page went away while it was sent something")

    async def receive(self) -> wire.PageMessage | None:
        """The next message that makes sense; None when the page has gone.

        A message that makes none is answered with a ``Problem``.
        """
        async for message in self._socket:
            if message.type is not WSMsgType.TEXT:
                continue
            try:
                return wire.parse(message.data)
            except wire.WireError as exc:
                await self.send(wire.Problem(text=str(exc)))
        return None

    async def close(self, code: int = 1000) -> None:
        """Say goodbye; the page then knows that this was on purpose."""
        await self._socket.close(code=code)


Visit = Callable[[Channel], Awaitable[None]]
"""Serves one page from welcome to goodbye; cancelled when the server closes."""


class PageServer:
    """Listens, checks who may come in, and hands each page's channel to ``visit``."""

    def __init__(self, settings: WebSettings, visit: Visit) -> None:
        self._settings = settings
        self._visit = visit
        self._runner: web.AppRunner | None = None
        self._sockets: set[web.WebSocketResponse] = set()
        self.port = settings.port

    async def open(self) -> None:
        """Listen; sets ``port`` to the one in use.

        Raises:
            ConfigError: the address cannot be listened on; says why and what to set.
        """
        app = web.Application(middlewares=[self._check])
        for path in FILES:
            app.router.add_get(path, self._file)
        app.router.add_get("/ws", self._socket)
        app.on_shutdown.append(self._hang_up)
        self._runner = runner = web.AppRunner(
            app, access_log=None, shutdown_timeout=SHUTDOWN_TIMEOUT_S
        )
        await runner.setup()
        site = web.TCPSite(runner, self._settings.host, self._settings.port)
        try:
            await site.start()
        except OSError as exc:
            await self.close()
            raise _cannot_listen(self._settings, exc) from exc
        self.port = runner.addresses[0][1]

    async def close(self) -> None:
        """Hang up on every page and stop listening; idempotent, bounded."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    @web.middleware
    async def _check(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        host = request.headers.get("Host", "")
        refusal = access.refuse_host(host, loopback_only=self._settings.is_loopback)
        if refusal is None and request.path == "/ws":
            refusal = access.refuse_origin(request.headers.get("Origin"), host=host)
        if refusal is not None:
            logger.warning("refused a request: %s", refusal)
            raise web.HTTPForbidden(text=refusal)
        return await handler(request)

    async def _file(self, request: web.Request) -> web.Response:
        name, content_type = FILES[request.path]
        text = resources.files(__package__).joinpath("page", name).read_text(encoding="utf-8")
        return web.Response(text=text, content_type=content_type, headers=HEADERS)

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(
            heartbeat=HEARTBEAT_S,
            timeout=GOODBYE_TIMEOUT_S,
            max_msg_size=wire.MAX_MESSAGE_BYTES,
            compress=False,
        )
        await socket.prepare(request)
        channel = Channel(socket)
        self._sockets.add(socket)
        try:
            if await self._is_welcome(channel):
                await self._visit(channel)
        finally:
            self._sockets.discard(socket)
        return socket

    async def _is_welcome(self, channel: Channel) -> bool:
        try:
            async with asyncio.timeout(HELLO_TIMEOUT_S):
                hello = await channel.receive()
        except TimeoutError:
            await channel.close()
            return False
        if isinstance(hello, wire.Hello) and access.token_is_right(
            hello.token, wanted=self._settings.token
        ):
            return True
        if hello is not None:
            text = "This page needs the access token: open the full link that the program printed."
            await channel.send(wire.Problem(text=text, fatal=True))
            await channel.close(WRONG_TOKEN)
        return False

    async def _hang_up(self, _app: web.Application) -> None:
        await asyncio.gather(*(socket.close(code=1001) for socket in list(self._sockets)))


def _cannot_listen(settings: WebSettings, exc: OSError) -> ConfigError:
    where = f"{settings.host}:{settings.port}"
    if exc.errno == errno.EADDRINUSE:
        return ConfigError(
            f"{where} is taken by another program; choose another port with port=... "
            "(0 takes a free one) or VISION_AGENTS_WEB_PORT, or stop that program"
        )
    if exc.errno == errno.EACCES:
        return ConfigError(f"{where} may not be listened on by this user; use a port above 1023")
    return ConfigError(
        f"{where} cannot be listened on: {exc.strerror or exc}; host must be an address of this "
        "machine, for example 127.0.0.1, or 0.0.0.0 for all of them"
    )
