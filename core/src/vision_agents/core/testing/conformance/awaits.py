"""Cancel a coroutine at a chosen one of its waits."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator, Iterable

__all__ = ["Cancelled", "cancel_at", "spread"]


@dataclass(frozen=True, slots=True)
class Cancelled:
    """How it went: how often it waited, and what came of it."""

    waits: int
    cancelled: bool
    error: BaseException | None


async def cancel_at(
    call: Callable[[], Awaitable[object]], wait: int | None, *, limit_s: float
) -> Cancelled:
    """Run ``call()`` in a task and cancel that when it waits for the ``wait``-th time, from 0.

    ``None`` never cancels: to count the waits.

    Raises:
        AssertionError: it is not over ``limit_s`` after it was begun.
    """
    counted = _Counted(call(), wait)
    task = asyncio.create_task(counted.run(), name="conformance cancels this")
    counted.task = task
    done, _ = await asyncio.wait({task}, timeout=limit_s)
    if not done:
        task.cancel()
        await asyncio.wait({task}, timeout=1.0)
        raise AssertionError(
            f"cancelled at its wait no. {wait}, it was not over after {limit_s:g} s: "
            "is a CancelledError swallowed?"
        )
    if task.cancelled():
        return Cancelled(counted.waits, True, None)
    return Cancelled(counted.waits, False, task.exception())


class _Counted:
    """Passes a coroutine's waits on, counts them, and cancels its task at one of them."""

    def __init__(self, inner: Awaitable[object], wait: int | None) -> None:
        self.waits = 0
        self.task: asyncio.Task[object] | None = None
        self._inner = inner
        self._at = wait

    async def run(self) -> object:
        return await self

    def __await__(self) -> Generator[Any, Any, object]:
        steps = self._inner.__await__()
        try:
            waiting = next(steps)
            while True:
                if self.waits == self._at and self.task is not None:
                    # Delivered at this very wait: the task is about to be suspended in it.
                    asyncio.get_running_loop().call_soon(self.task.cancel)
                self.waits += 1
                try:
                    sent = yield waiting
                except BaseException as exc:
                    waiting = steps.throw(exc)
                else:
                    waiting = steps.send(sent)
        except StopIteration as stop:
            return stop.value


def spread(count: int, most: int) -> Iterable[int]:
    """At most ``most`` of the numbers below ``count``, evenly, the first and last among them."""
    if count <= most:
        return range(count)
    return sorted({round(i * (count - 1) / (most - 1)) for i in range(most)})
