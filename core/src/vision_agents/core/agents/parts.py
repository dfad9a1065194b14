"""Starting and closing what an agent is made of: together, and within a time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

from vision_agents.core.errors import ProviderTimeoutError

__all__ = ["close_all", "start_all", "start_in_time", "tell_all"]

logger = logging.getLogger(__name__)

# Each part gets this long to close; they close at the same time.
CLOSE_TIMEOUT_S = 10.0
# How long an avatar or a voice may take to be told of a barge-in; the local cut is done by then.
INTERRUPT_TIMEOUT_S = 1.0

Step = tuple[str, Callable[[], Awaitable[None]]]
"""The name of a part and what to call on it."""


async def start_all(*starts: Coroutine[Any, Any, None]) -> None:
    """Run everything at once; the first failure cancels the others and is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            for start in starts:
                group.create_task(start)
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None


async def start_in_time(name: str, start: Callable[[], Awaitable[None]], timeout_s: float) -> None:
    """Start one part.

    Raises:
        ProviderTimeoutError: it took longer than ``timeout_s``; names the part.
        Exception: what the part raised.
    """
    limit = asyncio.timeout(timeout_s)
    try:
        async with limit:
            await start()
    except TimeoutError as exc:
        if not limit.expired():
            raise  # the part's own
        raise ProviderTimeoutError("start", provider=name, timeout_s=timeout_s) from exc


async def close_all(steps: Sequence[Step]) -> list[tuple[str, Exception]]:
    """Close everything at once, each within ``CLOSE_TIMEOUT_S``; returns what went wrong."""
    return await _each(steps, CLOSE_TIMEOUT_S)


async def tell_all(steps: Sequence[Step]) -> list[tuple[str, Exception]]:
    """Tell everybody of a barge-in, within ``INTERRUPT_TIMEOUT_S``; returns what went wrong."""
    return await _each(steps, INTERRUPT_TIMEOUT_S)


async def _each(steps: Sequence[Step], timeout_s: float) -> list[tuple[str, Exception]]:
    async def one(name: str, call: Callable[[], Awaitable[None]]) -> tuple[str, Exception] | None:
        limit = asyncio.timeout(timeout_s)
        try:
            async with limit:
                await call()
        except Exception as exc:  # a reporting boundary: the others get their turn all the same
            if limit.expired():
                return name, TimeoutError(f"not done after {timeout_s:g} s")
            return name, exc
        return None

    results = await asyncio.gather(*(one(name, call) for name, call in steps))
    return [failed for failed in results if failed is not None]
