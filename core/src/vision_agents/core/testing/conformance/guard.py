"""What a check must not leave behind, and must not do to the event loop meanwhile."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import threading
import time
import traceback
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vision_agents.core.testing.clock import BusySelector, real_monotonic
from vision_agents.core.testing.leaks import describe_task, describe_thread, outliving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

__all__ = ["Blocked", "nothing_left", "sockets_closed", "watch_the_loop"]

GRACE_S = 1.0
BLOCKED_S = 0.1
"""A loop that runs callbacks for this long without looking at its sockets is blocked: five
packets of sound. Our own rule is 1 ms of work; this is what nobody can excuse."""
SAMPLE_S = 0.02


@asynccontextmanager
async def nothing_left(what: str) -> AsyncIterator[None]:
    """Fail if tasks or threads outlive the block by a second of the loop's time."""
    tasks = asyncio.all_tasks()
    threads = set(threading.enumerate())
    yield
    left = asyncio.all_tasks() - tasks
    if left:
        _, left = await asyncio.wait(left, timeout=GRACE_S)
    found = [*map(describe_task, left)]
    found += map(describe_thread, await outliving(set(threading.enumerate()) - threads))
    for task in left:
        task.cancel()
    if left:
        await asyncio.wait(left, timeout=GRACE_S)
    assert not found, f"left behind by {what}:\n  " + "\n  ".join(found)


@contextmanager
def sockets_closed(what: str) -> Iterator[None]:
    """Fail if the process has more sockets after the block than before.

    Looks at ``/proc``, so it says nothing on systems that have none.
    """
    before = _sockets()
    yield
    gc.collect()
    after = _sockets()
    left = len(after) - len(before)
    assert left <= 0, f"{left} socket(s) left open by {what}"


def _sockets() -> list[str]:
    try:
        names = os.listdir("/proc/self/fd")
    except OSError:
        return []
    found = []
    for name in names:
        try:
            target = os.readlink(f"/proc/self/fd/{name}")
        except OSError:  # the folder's own, closed meanwhile
            continue
        if target.startswith("socket:"):
            found.append(target)
    return found


@dataclass
class Blocked:
    """When the loop was blocked: seconds, and the line that did it."""

    times: list[tuple[float, str]] = field(default_factory=list)

    @property
    def longest_s(self) -> float:
        return max((seconds for seconds, _ in self.times), default=0.0)

    def __str__(self) -> str:
        return "; ".join(f"for {seconds * 1e3:.0f} ms at {line}" for seconds, line in self.times)


@contextmanager
def watch_the_loop(selector: BusySelector) -> Iterator[Blocked]:
    """Watch from another thread whether the calling thread's loop is blocked.

    A loop that is merely not given a processor does not count: the thread has to sleep inside a
    callback, or to burn its time there.
    """
    blocked = Blocked()
    watcher = _Watcher(selector, blocked)
    watcher.start()
    try:
        yield blocked
    finally:
        watcher.stop.set()
        watcher.join()


class _Watcher(threading.Thread):
    def __init__(self, selector: BusySelector, blocked: Blocked) -> None:
        super().__init__(name="conformance watches the loop", daemon=True)
        self.stop = threading.Event()
        self._selector = selector
        self._blocked = blocked
        self._thread = threading.get_ident()
        self._native = threading.get_native_id()
        self._clock = time.pthread_getcpuclockid(self._thread)

    def run(self) -> None:
        episode: float | None = None
        asleep = samples = 0
        cpu_s = 0.0
        while not self.stop.wait(SAMPLE_S):
            since_s = self._selector.busy_since_s
            if since_s is None:
                continue
            if since_s != episode:
                episode, asleep, samples = since_s, 0, 0
                cpu_s = time.clock_gettime(self._clock)
            samples += 1
            asleep += self._sleeps()
            busy_s = real_monotonic() - since_s
            worked_s = time.clock_gettime(self._clock) - cpu_s
            if busy_s > BLOCKED_S and (asleep >= samples / 2 or worked_s > BLOCKED_S * 0.8):
                self._note(busy_s, episode)

    def _sleeps(self) -> bool:
        """Whether the loop's thread waits for something rather than for a processor."""
        try:
            with open(f"/proc/self/task/{self._native}/stat", encoding="ascii") as file:
                return file.read().rpartition(")")[2].split()[0] in "SD"
        except OSError:
            return True  # no such folder on this system: take the clock's word

    def _note(self, busy_s: float, episode: float) -> None:
        frame = sys._current_frames().get(self._thread)
        if frame is None:
            return
        line = traceback.extract_stack(frame, limit=1)[0]  # the innermost
        where = f"{line.filename}:{line.lineno}: {line.line}"
        if getattr(self, "_noted", None) == episode:
            self._blocked.times[-1] = (busy_s, self._blocked.times[-1][1])
        else:
            self._noted = episode
            self._blocked.times.append((busy_s, where))
