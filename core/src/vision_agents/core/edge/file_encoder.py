"""The thread that encodes a recording."""

from __future__ import annotations

import asyncio
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from vision_agents.core.edge.media_file import MediaFile

__all__ = ["FileEncoder"]


class FileEncoder:
    """One worker thread, so that encoding never holds up the loop; work is done in order."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="recorder")
        self._pending: deque[asyncio.Future[None]] = deque()

    async def run(self, work: Callable[..., None], *args: Any) -> None:
        """Do ``work`` and wait for it."""
        await asyncio.get_running_loop().run_in_executor(self._thread, work, *args)

    @property
    def waiting(self) -> int:
        """How many pieces of work are not done yet."""
        return sum(not future.done() for future in self._pending)

    async def submit(self, work: Callable[..., None], *args: Any, limit: int) -> None:
        """Do ``work`` later; waits while more than ``limit`` are waiting.

        Raises:
            Exception: what earlier work raised.
        """
        loop = asyncio.get_running_loop()
        self._pending.append(loop.run_in_executor(self._thread, work, *args))
        while self._pending and (len(self._pending) > limit or self._pending[0].done()):
            await self._pending.popleft()

    async def close(self, file: MediaFile | None) -> None:
        """Do what is waiting, finish the file and end the thread; raises the first error."""
        try:
            results = await asyncio.gather(*self._pending, return_exceptions=True)
            if file is not None:
                await self.run(file.close)
            for result in results:
                if isinstance(result, Exception):
                    raise result
        finally:
            self._thread.shutdown(wait=False)
