"""The session's commands and events, over one socket after another.

A session outlives its socket: the provider's own client dials the same URL again, and the face
goes on speaking what it has meanwhile. What the old socket may have swallowed is sent once more.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING

from vision_agents.core.avatars.provider import EndReason, SessionEnd
from vision_agents.core.errors import (
    AuthError,
    DisconnectedError,
    ProviderError,
    ProviderTimeoutError,
)
from vision_agents.plugins.liveavatar import wire
from vision_agents.plugins.liveavatar.api import PROVIDER
from vision_agents.plugins.liveavatar.socket import LiveAvatarSocket
from vision_agents.plugins.liveavatar.unanswered import Unanswered

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)

REDIAL_PAUSES_S = (0.0, 0.5, 1.0)
REDIAL_WITHIN_S = 4.0
"""In all: the service holds three seconds of speech, and a new session costs about as long."""
CONNECTED_GRACE_S = 2.0
"""Whether ``connected`` is said again is not documented: after this long it is taken as said."""


class LiveAvatarChannel:
    """``dial``, then ``wait_connected``; ``close`` it. ``on_event`` only enqueues or sets flags.

    ``ended`` has a result when no socket can be had any more or the service closed the session.
    """

    def __init__(self, url: str, on_event: Callable[[wire.Event], None]) -> None:
        self.ended: asyncio.Future[SessionEnd] = asyncio.get_running_loop().create_future()
        self._url = url
        self._on_event = on_event
        self._unanswered = Unanswered()
        self._socket: LiveAvatarSocket | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._usable = asyncio.Event()  # or over: nothing to wait for

    async def dial(self) -> None:
        """Open the first socket.

        Raises:
            ProviderError: as :meth:`LiveAvatarSocket.dial`.
        """
        self._socket = await LiveAvatarSocket.dial(self._url, self._take)

    async def wait_connected(self) -> None:
        """Return when the service takes commands; from then on a lost socket is dialled again.

        Raises:
            ProviderError: as :meth:`LiveAvatarSocket.wait_connected`.
        """
        assert self._socket is not None
        await self._socket.wait_connected()
        self._usable.set()
        self._keeper = asyncio.create_task(self._keep(), name="liveavatar channel")

    async def send(self, command: wire.Command) -> None:
        """Send a command; waits while the socket is being dialled again.

        Raises:
            DisconnectedError: there will be no further socket.
        """
        while True:
            await self._usable.wait()
            socket = self._socket
            if self.ended.done() or socket is None:
                raise DisconnectedError("the session's socket is closed", provider=PROVIDER)
            self._unanswered.sent(command)
            try:
                return await socket.send(command.text)
            except DisconnectedError:
                self._unanswered.not_sent(command)
                if socket is self._socket:
                    self._usable.clear()

    async def close(self) -> None:
        """Close the socket and end the task. Idempotent, bounded."""
        self._end(SessionEnd(EndReason.CLOSED))
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait({self._keeper})
        if self._socket is not None:
            await self._socket.close()

    def _take(self, event: wire.Event) -> None:
        match event:
            case wire.Answered():
                self._unanswered.answered(event)
            case wire.SessionUpdated(wire.SessionState.CLOSED):
                self._end(SessionEnd(EndReason.ENDED, "the service closed the session"))
        self._on_event(event)

    def _end(self, end: SessionEnd) -> None:
        if not self.ended.done():
            self.ended.set_result(end)
        self._usable.set()

    # ----------------------------------------------------------------------- dialling again
    async def _keep(self) -> None:
        """Replace each socket that is lost, until that fails."""
        while True:
            assert self._socket is not None
            why = await self._socket.wait_closed()
            if self.ended.done():
                return
            self._usable.clear()
            logger.info("liveavatar: the socket closed (%s); dialling it again", why)
            try:
                async with asyncio.timeout(REDIAL_WITHIN_S):
                    await self._redial()
            except TimeoutError:
                error: ProviderError = ProviderTimeoutError(
                    "socket", provider=PROVIDER, timeout_s=REDIAL_WITHIN_S
                )
            except ProviderError as failed:
                error = failed
            else:
                self._usable.set()
                continue
            detail = f"the socket closed ({why}) and cannot be dialled again: {error.reason}"
            self._end(SessionEnd(EndReason.DISCONNECTED, detail))
            return

    async def _redial(self) -> None:
        assert self._socket is not None
        await self._socket.close()
        for pause_s in REDIAL_PAUSES_S[:-1]:
            await asyncio.sleep(pause_s)
            try:
                return await self._dial_and_repeat()
            except AuthError:  # the session is over: no further try helps
                raise
            except ProviderError as error:
                logger.info("liveavatar: no socket yet: %s", error)
        await asyncio.sleep(REDIAL_PAUSES_S[-1])
        return await self._dial_and_repeat()

    async def _dial_and_repeat(self) -> None:
        socket = await LiveAvatarSocket.dial(self._url, self._take)
        try:
            with contextlib.suppress(ProviderTimeoutError):
                await socket.wait_connected(timeout_s=CONNECTED_GRACE_S)
            for command in self._unanswered.to_repeat():
                await socket.send(command.text)
        except BaseException:
            await socket.close()
            raise
        self._socket = socket
