"""The session's WebSocket: a reader that never stops reading, and commands only when allowed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI

from vision_agents.core.errors import (
    AuthError,
    DisconnectedError,
    ProviderError,
    ProviderTimeoutError,
)
from vision_agents.plugins.liveavatar import wire
from vision_agents.plugins.liveavatar.api import PROVIDER

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

logger = logging.getLogger(__name__)

DIAL_TIMEOUT_S = 10.0
CONNECTED_TIMEOUT_S = 10.0
CLOSE_TIMEOUT_S = 1.0
# The service can be too busy to answer a ping at once (the provider's own client pings not at
# all), and a dead path must be noticed all the same while nothing is spoken.
PING_INTERVAL_S = 20.0
PING_TIMEOUT_S = 20.0


class LiveAvatarSocket:
    """One connection to one session. Made by ``dial``; ``close`` it.

    ``on_event`` gets every event in order, on the event loop; it must only enqueue or set flags.
    """

    def __init__(self, connection: ClientConnection, on_event: Callable[[wire.Event], None]):
        self._connection = connection
        self._on_event = on_event
        self._connected = asyncio.Event()
        self._malformed = 0
        self._reader = asyncio.create_task(self._read(), name="liveavatar socket reader")

    @classmethod
    async def dial(cls, url: str, on_event: Callable[[wire.Event], None]) -> LiveAvatarSocket:
        """Open the socket; the URL itself carries the authority, so it is in no message.

        Raises:
            AuthError: the service refuses this session (401, 403, 404).
            DisconnectedError, ProviderTimeoutError: no connection.
        """
        try:
            connection = await connect(
                url,
                open_timeout=DIAL_TIMEOUT_S,
                close_timeout=CLOSE_TIMEOUT_S,
                ping_interval=PING_INTERVAL_S,
                ping_timeout=PING_TIMEOUT_S,
            )
        except TimeoutError:
            raise ProviderTimeoutError(
                "socket", provider=PROVIDER, timeout_s=DIAL_TIMEOUT_S
            ) from None
        except (OSError, InvalidHandshake, InvalidURI) as error:
            raise _dial_error(error) from None  # the cause's text holds the URL
        return cls(connection, on_event)

    async def wait_connected(self, *, timeout_s: float = CONNECTED_TIMEOUT_S) -> None:
        """Return when the service takes commands; what is sent earlier it drops in silence.

        Raises:
            ProviderTimeoutError: it does not say so in time.
            DisconnectedError: the socket closed instead.
        """
        waiting = asyncio.create_task(self._connected.wait(), name="liveavatar connected")
        try:
            done, _ = await asyncio.wait(
                {waiting, self._reader},
                timeout=timeout_s,
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            waiting.cancel()
            await asyncio.wait({waiting})
        if waiting in done:
            return
        if self._reader in done:
            raise DisconnectedError(f"socket closed at once: {self._closed()}", provider=PROVIDER)
        raise ProviderTimeoutError(
            "the service to say 'connected'", provider=PROVIDER, timeout_s=timeout_s
        )

    async def send(self, message: str) -> None:
        """Send one command; waits while the transport is full.

        Raises:
            DisconnectedError: the socket is closed.
        """
        try:
            await self._connection.send(message)
        except ConnectionClosed:
            raise DisconnectedError(f"socket closed: {self._closed()}", provider=PROVIDER) from None

    async def wait_closed(self) -> str:
        """Return when the socket is closed, by whomever, with its close code and reason."""
        await asyncio.wait({self._reader})
        return self._closed()

    async def close(self) -> None:
        """Close the socket and end the reader. Idempotent, bounded."""
        await self._connection.close()
        await asyncio.wait({self._reader}, timeout=CLOSE_TIMEOUT_S)
        self._reader.cancel()
        await asyncio.wait({self._reader})

    async def _read(self) -> None:
        try:
            async for message in self._connection:
                self._take(message)
        except ConnectionClosed:
            return

    def _take(self, message: str | bytes) -> None:
        try:
            event = wire.decode(message)
        except wire.MalformedMessageError as error:
            self._malformed += 1
            if self._malformed == 1:
                logger.warning("liveavatar sent what is no message (%s); counting the rest", error)
            return
        if event == wire.SessionUpdated(wire.SessionState.CONNECTED):
            self._connected.set()
        self._on_event(event)

    def _closed(self) -> str:
        code, reason = self._connection.close_code, self._connection.close_reason
        return f"{code} {reason}".strip()


def _dial_error(error: Exception) -> ProviderError:
    if isinstance(error, InvalidStatus):
        status = error.response.status_code
        if status in (401, 403, 404):
            return AuthError(
                "the service refuses the session's socket", provider=PROVIDER, status_code=status
            )
        return DisconnectedError(
            "the service refuses the socket", provider=PROVIDER, status_code=status
        )
    return DisconnectedError(f"no socket ({type(error).__name__})", provider=PROVIDER)
