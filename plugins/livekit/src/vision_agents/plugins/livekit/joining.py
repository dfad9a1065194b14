"""Joining a room and leaving it again, whatever becomes of the attempt.

An attempt must never be cancelled: a room that is joined and whose SDK object does not answer
within seconds makes the native library end the whole process (livekit 1.2.1: "timed out waiting
for ReadyForRoomEventRequest", then SIGTERM).
"""

from __future__ import annotations

import asyncio
import contextlib

from livekit import rtc
from vision_agents.core.errors import (
    AuthError,
    DisconnectedError,
    ProviderError,
    ProviderTimeoutError,
)

CLOSE_TIMEOUT_S = 3.0
# How long leaving waits for an attempt that is still under way.
SETTLE_TIMEOUT_S = 6.0
SIGNAL_TIMEOUT_S = 5.0

# Attempts that took longer; each leaves its room when it is through.
_abandoned: set[asyncio.Task[None]] = set()


class Joining:
    """One attempt to bring ``room`` into the room that ``token`` is for; it begins at once."""

    def __init__(
        self, room: rtc.Room, url: str, token: str, *, provider: str, timeout_s: float
    ) -> None:
        self._room = room
        self._provider = provider
        self._timeout_s = timeout_s
        options = rtc.RoomOptions(
            auto_subscribe=False, connect_timeout=min(timeout_s, SIGNAL_TIMEOUT_S)
        )
        self._attempt = asyncio.create_task(
            room.connect(url, token, options), name=f"livekit-connect-{provider}"
        )

    async def wait(self) -> None:
        """Return when we are in the room.

        Raises:
            AuthError, DisconnectedError, ProviderTimeoutError: we are not; the attempt may go on.
        """
        try:
            async with asyncio.timeout(self._timeout_s):
                await asyncio.shield(self._attempt)
        except TimeoutError:
            raise ProviderTimeoutError(
                "joining the LiveKit room", provider=self._provider, timeout_s=self._timeout_s
            ) from None
        except rtc.ConnectError as error:
            raise _refused(error, self._provider) from error

    async def settle(self) -> None:
        """Wait until the attempt is over, for some seconds at most."""
        await asyncio.wait({self._attempt}, timeout=SETTLE_TIMEOUT_S)

    async def leave(self) -> None:
        """Leave the room; an attempt that is still under way leaves it later, by itself."""
        leaving = self._leave()
        if self._attempt.done():
            await leaving
        else:
            abandoned = asyncio.create_task(leaving, name=f"livekit-late-{self._provider}")
            _abandoned.add(abandoned)
            abandoned.add_done_callback(_abandoned.discard)

    async def _leave(self) -> None:
        await asyncio.wait({self._attempt})
        if self._attempt.cancelled() or self._attempt.exception() is not None:
            return  # told by wait(), or of no interest any more
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await self._room.disconnect()


def _refused(error: rtc.ConnectError, provider: str) -> ProviderError:
    text = str(error.message)
    if any(mark in text.lower() for mark in ("401", "403", "unauthorized", "token")):
        return AuthError(
            "the LiveKit server refuses the token: LIVEKIT_API_KEY and LIVEKIT_API_SECRET "
            "must belong to the server at LIVEKIT_URL",
            provider=provider,
        )
    return DisconnectedError(f"no connection to the LiveKit room: {text}", provider=provider)
