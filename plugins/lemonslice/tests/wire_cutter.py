"""A TCP relay in front of a server: what passes it can be cut."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import replace
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import jwt

from vision_agents.plugins.livekit import LiveKitConnection

PIECE_BYTES = 65_536
_TOKEN = re.compile(rb"eyJ[\w-]+\.[\w-]+\.[\w-]+")
# What a LiveKit server answers to a token that is over.
_REFUSED = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class WireCutter:
    """Relays to the server of ``connection``; ``connection`` of its own leads through it."""

    def __init__(self, connection: LiveKitConnection) -> None:
        self._beyond = urlsplit(connection.url)
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._direct = connection
        self._good_from_s = 0
        self._of = ""
        self.connection = connection

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._relay, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        self.connection = replace(self._direct, url=f"ws://127.0.0.1:{port}")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        await self._server.wait_closed()

    def cut(self) -> None:
        """Break every connection that passes now; new ones may pass."""
        for writer in self._open:
            writer.transport.abort()

    def expire(self, of: str = "") -> None:
        """Break every connection, and take the tokens that were made so far for expired; only of
        identities that end in ``of``.

        A server of LiveKit refreshes the token of whoever is in the room, for ten minutes each
        time; nobody wants to wait for that to end.
        """
        self._good_from_s, self._of = int(time.time()), of
        self.cut()

    def _expired(self, head: bytes) -> bool:
        token = _TOKEN.search(head)
        if token is None:
            return False
        claims = jwt.decode(token[0].decode(), options={"verify_signature": False})
        return int(claims["nbf"]) < self._good_from_s and claims.get("sub", "").endswith(self._of)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:  # it went away before it asked for anything
            writer.close()
            return
        if self._expired(head):
            writer.write(_REFUSED)
            writer.close()
            return
        there, back = await asyncio.open_connection(self._beyond.hostname, self._beyond.port)
        self._open |= {writer, back}
        back.write(head)
        try:
            await asyncio.gather(_pass_on(reader, back), _pass_on(there, writer))
        finally:
            self._open -= {writer, back}
            for end in (writer, back):
                end.close()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while piece := await reader.read(PIECE_BYTES):
            writer.write(piece)
            await writer.drain()
    except ConnectionError:  # cut
        pass
    finally:
        writer.close()
