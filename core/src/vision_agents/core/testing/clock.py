"""Virtual time: a call of minutes is over in a second, and runs the same way each time.

::

    with virtual_time() as loop_factory, asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(main())

While it lasts ``time.monotonic()`` is the loop's clock, which jumps to the next timer instead of
waiting for it. Our code looks that function up at each call for this reason. What does not obey:
``time.sleep``, threads that read a clock, and sockets of other processes.
"""

from __future__ import annotations

import asyncio
import functools
import selectors
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, ParamSpec

__all__ = ["BusySelector", "VirtualLoop", "virtual_time", "virtually"]

P = ParamSpec("P")

real_monotonic = time.monotonic
"""The clock on the wall, also inside ``virtual_time``."""

STUCK_AFTER_S = 10.0
"""Real seconds without timer, input or thread at work after which nothing will ever happen."""


class BusySelector(selectors.DefaultSelector):
    """Knows since when (real monotonic seconds) the loop has been running callbacks.

    ``busy_since_s`` is ``None`` while it waits. May be read from another thread.
    """

    def __init__(self) -> None:
        super().__init__()
        self.busy_since_s: float | None = None

    def select(self, timeout: float | None = None) -> Any:
        self.busy_since_s = None
        try:
            return self.wait(timeout)
        finally:
            self.busy_since_s = real_monotonic()

    def wait(self, timeout: float | None) -> Any:
        """What ``select`` does otherwise."""
        return super().select(timeout)


class _VirtualSelector(BusySelector):
    """Moves the clock on instead of waiting, unless a thread works for the loop."""

    def __init__(self, stuck_after_s: float) -> None:
        super().__init__()
        self.now_s = 1_000.0
        self.jobs = 0
        self._stuck_after_s = stuck_after_s

    def wait(self, timeout: float | None) -> Any:
        if self.jobs:  # the clock stands while a thread works
            return super().wait(0.0005)
        if timeout is None:  # no timer at all: only something from outside can go on
            ready = super().wait(self._stuck_after_s)
            if not ready:
                raise RuntimeError("every task waits for something that nobody will do")
            return ready
        ready = super().wait(0)
        if not ready and timeout > 0:
            self.now_s += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock jumps from timer to timer; ``time()`` starts at 1000 s.

    Where nothing can ever happen any more it raises ``RuntimeError`` after ``stuck_after_s`` real
    seconds.
    """

    def __init__(self, *, stuck_after_s: float = STUCK_AFTER_S) -> None:
        self.selector = _VirtualSelector(stuck_after_s)
        super().__init__(self.selector)

    def time(self) -> float:
        return self.selector.now_s

    def run_in_executor(  # type: ignore[override]  # typeshed's is generic over TypeVarTuple
        self, executor: Any, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        future = super().run_in_executor(executor, func, *args)
        self.selector.jobs += 1
        future.add_done_callback(self._job_done)
        return future

    def _job_done(self, future: asyncio.Future[Any]) -> None:
        del future
        self.selector.jobs -= 1


@contextmanager
def virtual_time() -> Iterator[Callable[[], VirtualLoop]]:
    """Let ``time.monotonic`` be the clock of the loop that the given factory makes.

    One loop at a time; nested uses put back what they found.
    """
    found = time.monotonic
    loop = VirtualLoop()
    made = False

    def factory() -> VirtualLoop:
        nonlocal made
        made = True
        return loop

    time.monotonic = loop.time
    try:
        yield factory
    finally:
        time.monotonic = found
        if not made:
            loop.close()


def virtually(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Run an ``async def`` test in virtual time, and fail it if it leaves a task behind.

    ::

        @virtually
        async def test_a_long_call() -> None:
            await asyncio.sleep(3600)
    """

    async def alone(*args: P.args, **kwargs: P.kwargs) -> None:
        await test(*args, **kwargs)
        await asyncio.sleep(1.0)  # libraries end some tasks a little after their close()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left, f"left behind: {sorted(task.get_name() for task in left)}"

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        with virtual_time() as factory, asyncio.Runner(loop_factory=factory) as runner:
            runner.run(alone(*args, **kwargs))

    return run
