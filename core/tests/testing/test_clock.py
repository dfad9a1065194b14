"""Virtual time jumps, waits for threads, and notices when nothing can ever happen."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from vision_agents.core.testing.clock import VirtualLoop, real_monotonic, virtual_time

T = TypeVar("T")


def run(main: Callable[[], Awaitable[T]]) -> T:
    async def call() -> T:
        return await main()

    with virtual_time() as factory, asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(call())


def test_an_hour_is_over_at_once() -> None:
    began_s = real_monotonic()

    async def main() -> float:
        first_s = time.monotonic()
        await asyncio.sleep(3600.0)
        return time.monotonic() - first_s

    assert run(main) == pytest.approx(3600.0)
    assert real_monotonic() - began_s < 5.0


def test_the_clock_stands_while_a_thread_works() -> None:
    async def main() -> float:
        first_s = time.monotonic()
        ticks = asyncio.create_task(asyncio.sleep(0.001))
        await asyncio.to_thread(lambda: sum(range(2_000_000)))
        passed_s = time.monotonic() - first_s
        await ticks
        return passed_s

    assert run(main) <= 0.001


def test_afterwards_the_clock_is_the_real_one() -> None:
    before = time.monotonic

    async def main() -> None:
        assert time.monotonic is not before

    run(main)
    assert time.monotonic is before
    with pytest.raises(ZeroDivisionError), virtual_time():
        raise ZeroDivisionError
    assert time.monotonic is before


def test_waiting_for_nothing_is_an_error() -> None:
    loop = VirtualLoop(stuck_after_s=0.05)
    try:
        with pytest.raises(RuntimeError, match="every task waits for something that nobody will"):
            loop.run_until_complete(loop.create_future())
    finally:
        loop.close()
