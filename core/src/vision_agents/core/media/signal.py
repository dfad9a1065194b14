"""A wake-up call that needs no loop until somebody waits."""

from __future__ import annotations

import asyncio

__all__ = ["Signal"]


class Signal:
    """Wakes everybody who waits; whoever wakes looks again whether its condition holds."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[bool]] = set()

    @property
    def awaited(self) -> bool:
        return bool(self._waiting)

    async def wait(self, timeout_s: float | None = None) -> bool:
        """Return at the next :meth:`notify`; False when none came within ``timeout_s``."""
        # By hand, since this is waited for with every packet: asyncio.wait() costs twice as much.
        loop = asyncio.get_running_loop()
        future: asyncio.Future[bool] = loop.create_future()
        timer = None if timeout_s is None else loop.call_later(timeout_s, _tell, future, False)
        self._waiting.add(future)
        try:
            return await future
        finally:
            self._waiting.discard(future)
            if timer is not None:
                timer.cancel()

    def notify(self) -> None:
        for future in self._waiting:
            _tell(future, True)


def _tell(future: asyncio.Future[bool], came: bool) -> None:
    if not future.done():
        future.set_result(came)
