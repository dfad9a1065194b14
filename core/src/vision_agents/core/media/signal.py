"""A wake-up call that needs no loop until somebody waits."""

from __future__ import annotations

import asyncio

__all__ = ["Signal"]


class Signal:
    """Wakes everybody who waits; whoever wakes looks again whether its condition holds."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()

    @property
    def awaited(self) -> bool:
        return bool(self._waiting)

    async def wait(self, timeout_s: float | None = None) -> bool:
        """Return at the next :meth:`notify`; False when none came within ``timeout_s``."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        try:
            done, _ = await asyncio.wait((future,), timeout=timeout_s)
            return bool(done)
        finally:
            self._waiting.discard(future)

    def notify(self) -> None:
        for future in self._waiting:
            if not future.done():
                future.set_result(None)
