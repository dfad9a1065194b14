"""Short jobs of all synchronisers of an event loop, done by few threads."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Callable
from weakref import WeakKeyDictionary

__all__ = ["Workbench"]

_THREADS_MOST = os.cpu_count() or 1
_WAITING_PER_THREAD = 4
"""More than this call in another thread; with 1 or 2 the loop lags more, with 8 pictures wait long
for large ones."""


class Workbench:
    """Does jobs of milliseconds on the default executor of the running loop, first come first.

    Threads that outnumber the cores keep the loop waiting, for a core and for the interpreter: so
    a thread that is at work takes what comes meanwhile, and another one joins in only when jobs
    pile up.
    """

    def __init__(self) -> None:
        self._waiting: deque[tuple[Callable[[], None], Callable[[], None]]] = deque()
        self._at_work = 0

    @classmethod
    def here(cls) -> Workbench:
        """The one of the running loop."""
        return _benches.setdefault(asyncio.get_running_loop(), cls())

    def run(self, work: Callable[[], None], then: Callable[[], None]) -> None:
        """Call ``work``, which must not raise, in a thread, and ``then`` on the loop."""
        self._waiting.append((work, then))
        self._begin_visit()

    def _begin_visit(self) -> None:
        wanted = -(-len(self._waiting) // _WAITING_PER_THREAD)
        if self._at_work < min(wanted, _THREADS_MOST):
            loop = asyncio.get_running_loop()
            visit = loop.run_in_executor(None, self._work, loop)
            self._at_work += 1
            visit.add_done_callback(self._end_visit)

    def _end_visit(self, _visit: asyncio.Future[None]) -> None:
        self._at_work -= 1
        self._begin_visit()  # for a job that came as the thread had just found none

    def _work(self, loop: asyncio.AbstractEventLoop) -> None:
        while True:
            try:
                work, then = self._waiting.popleft()
            except IndexError:
                return
            work()
            loop.call_soon_threadsafe(then)


_benches: WeakKeyDictionary[asyncio.AbstractEventLoop, Workbench] = WeakKeyDictionary()
