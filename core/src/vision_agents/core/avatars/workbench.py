"""Short jobs of all synchronisers of an event loop, done by few threads."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Callable
from weakref import WeakKeyDictionary

__all__ = ["Workbench"]

_THREADS_MOST = os.cpu_count() or 1
_PATIENCE_S = 0.07
"""A job that has waited for the time of two pictures calls in another thread. With 0.03 the loop
lags two to three times as long (p99, 32 streams of 540p on two cores) and no more pictures are in
time; without a second thread a quarter of those of 20 streams of 1080p is not."""


class Workbench:
    """Does jobs of milliseconds on the default executor of the running loop, first come first.

    Threads that outnumber the cores keep the loop waiting, for a core and for the interpreter: so
    a thread that is at work takes what comes meanwhile, and another one joins in only when a job
    has waited.
    """

    def __init__(self) -> None:
        self._waiting: deque[tuple[float, Callable[[], None], Callable[[], None]]] = deque()
        self._at_work = 0

    @classmethod
    def here(cls) -> Workbench:
        """The one of the running loop."""
        return _benches.setdefault(asyncio.get_running_loop(), cls())

    def run(self, work: Callable[[], None], then: Callable[[], None]) -> None:
        """Call ``work``, which must not raise, in a thread, and ``then`` on the loop."""
        loop = asyncio.get_running_loop()
        self._waiting.append((loop.time(), work, then))
        self._begin_visit(loop)

    def _begin_visit(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            since_s, *_ = self._waiting[0]
        except IndexError:  # a thread has just taken the last one
            return
        if self._is_wanted(loop.time() - since_s):
            visit = loop.run_in_executor(None, self._work, loop)
            self._at_work += 1
            visit.add_done_callback(self._end_visit)

    def _is_wanted(self, waited_s: float) -> bool:
        if self._at_work == 0:
            return True
        return waited_s > _PATIENCE_S and self._at_work < _THREADS_MOST

    def _end_visit(self, visit: asyncio.Future[None]) -> None:
        self._at_work -= 1
        # For a job that came as the thread had just found none.
        self._begin_visit(visit.get_loop())

    def _work(self, loop: asyncio.AbstractEventLoop) -> None:
        while True:
            try:
                _, work, then = self._waiting.popleft()
            except IndexError:
                return
            work()
            loop.call_soon_threadsafe(then)


_benches: WeakKeyDictionary[asyncio.AbstractEventLoop, Workbench] = WeakKeyDictionary()
