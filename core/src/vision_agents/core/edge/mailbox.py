"""A bounded queue from callbacks to one async reader."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(AsyncIterator[T], Generic[T]):
    """Putting never waits; beyond ``limit`` the oldest goes and is counted. Ends when closed."""

    def __init__(self, limit: int) -> None:
        self.dropped = 0
        self._items: deque[T] = deque(maxlen=limit)
        self._changed = asyncio.Event()
        self._closed = False

    def put(self, item: T) -> None:
        """Add an item; after ``close`` it is thrown away."""
        if self._closed:
            return
        if len(self._items) == self._items.maxlen:
            self.dropped += 1
        self._items.append(item)
        self._changed.set()

    def clear(self) -> None:
        """Drop what nobody has taken yet."""
        self._items.clear()

    def close(self) -> None:
        """End the iteration after what is still there; idempotent."""
        self._closed = True
        self._changed.set()

    async def __anext__(self) -> T:
        while not self._items:
            if self._closed:
                raise StopAsyncIteration
            self._changed.clear()
            await self._changed.wait()
        return self._items.popleft()
