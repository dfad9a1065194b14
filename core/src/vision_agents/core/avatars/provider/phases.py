"""What a session waits for while it opens: one thing after the other, each with its time."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from vision_agents.core.avatars.provider.policy import PHASE_TIMEOUT_S

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Phases:
    """Names the phase that is under way and counts the seconds of each."""

    def __init__(self) -> None:
        self.name = "connect"
        """What is being waited for; the last phase keeps its name."""
        self.spent_s: dict[str, float] = {}
        self._since_s = time.monotonic()
        self._timer: asyncio.Timeout | None = None

    @asynccontextmanager
    async def timed(self, timeout_s: float) -> AsyncIterator[None]:
        """Begin the first phase, and end the last on the way out.

        Raises:
            TimeoutError: all of them took longer than ``timeout_s``, or one than
                ``PHASE_TIMEOUT_S``.
        """
        self._since_s = time.monotonic()
        try:
            async with asyncio.timeout(timeout_s), asyncio.timeout(PHASE_TIMEOUT_S) as self._timer:
                yield
        finally:
            self._timer = None
        self._count()

    def begin(self, name: str) -> None:
        """Another phase: its time-out begins anew."""
        self._count()
        self.name = name
        if self._timer is not None:
            self._timer.reschedule(asyncio.get_running_loop().time() + PHASE_TIMEOUT_S)

    def _count(self) -> None:
        now_s = time.monotonic()
        self.spent_s[self.name] = self.spent_s.get(self.name, 0.0) + now_s - self._since_s
        self._since_s = now_s
