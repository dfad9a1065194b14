"""What a check must not leave behind, and must not do to the event loop meanwhile."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import threading
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
    """Where the loop was blocked: line of code to the longest time there, in seconds."""

    lines: dict[str, float] = field(default_factory=dict)

    def again(self, other: Blocked) -> Blocked:
        """What blocked in both runs: a busy machine's hiccup does not hit the same line twice."""
        both = self.lines.keys() & other.lines.keys()
        return Blocked({line: max(self.lines[line], other.lines[line]) for line in both})

    def __str__(self) -> str:
        return "; ".join(f"for {s * 1e3:.0f} ms at {line}" for line, s in self.lines.items())


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

    def run(self) -> None:
        episode: float | None = None
        queued_s = 0.0
        while not self.stop.wait(SAMPLE_S):
            since_s = self._selector.busy_since_s
            if since_s is None:
                continue
            if since_s != episode:
                episode, queued_s = since_s, self._queued_s()
                continue
            busy_s = real_monotonic() - since_s - (self._queued_s() - queued_s)
            if busy_s > BLOCKED_S:
                self._note(busy_s)

    def _queued_s(self) -> float:
        """How long the loop's thread has waited for a processor in its life (Linux; else 0)."""
        try:
            with open(f"/proc/self/task/{self._native}/schedstat", encoding="ascii") as file:
                return int(file.read().split()[1]) / 1e9
        except (OSError, IndexError, ValueError):
            return 0.0

    def _note(self, busy_s: float) -> None:
        frame = sys._current_frames().get(self._thread)
        if frame is not None:
            at = traceback.extract_stack(frame, limit=1)[0]  # the innermost
            line = f"{at.filename}:{at.lineno}: {at.line}"
            self._blocked.lines[line] = max(busy_s, self._blocked.lines.get(line, 0.0))
