"""A test ends with the tasks and threads it began with.

Use it in a ``conftest.py``; being autouse, it then guards every test below that folder::

    from vision_agents.core.testing.leaks import nothing_left_behind  # noqa: F401
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterable

import pytest

# Libraries end some of their tasks one or two loop turns after their close() returned.
GRACE_S = 1.0

# Workers of an executor are the loop's, kept for the next call and joined when the loop closes.
# Dummies stand for threads of native libraries that called into Python once; Python forgets none.
NOT_OURS_PREFIXES = ("asyncio_", "ThreadPoolExecutor-", "Dummy-")


@pytest.fixture(autouse=True)
async def nothing_left_behind() -> AsyncIterator[None]:
    """Fail the test that leaves an asyncio task or a thread running, and name what was left.

    Autouse fixtures are set up first and so end last: whatever the test's other fixtures own has
    been closed by then. Tasks and threads of wider fixtures (module, session) were there before
    and do not count.
    """
    tasks = asyncio.all_tasks()
    threads = set(threading.enumerate())
    yield
    own = {task for task in (asyncio.current_task(),) if task is not None}
    left_tasks = asyncio.all_tasks() - tasks - own
    if left_tasks:
        _, left_tasks = await asyncio.wait(left_tasks, timeout=GRACE_S)
    left_threads = await outliving(set(threading.enumerate()) - threads)
    complaints = [*map(describe_task, left_tasks), *map(describe_thread, left_threads)]
    for task in left_tasks:
        task.cancel()
    if left_tasks:
        await asyncio.wait(left_tasks, timeout=GRACE_S)
    if complaints:
        pytest.fail("left behind by this test:\n  " + "\n  ".join(complaints), pytrace=False)


async def outliving(threads: set[threading.Thread]) -> list[threading.Thread]:
    """The threads that are still alive after the grace, sorted by name."""
    until_s = time.monotonic() + GRACE_S
    left = _leaks(threads)
    while left and time.monotonic() < until_s:
        await asyncio.sleep(0.02)
        left = _leaks(left)
    return sorted(left, key=lambda thread: thread.name)


def _leaks(threads: Iterable[threading.Thread]) -> set[threading.Thread]:
    return {t for t in threads if t.is_alive() and not t.name.startswith(NOT_OURS_PREFIXES)}


def describe_task(task: asyncio.Task[object]) -> str:
    """``task 'name': coroutine at file:line`` of where it waits now."""
    coroutine = task.get_coro()
    name = getattr(coroutine, "__qualname__", repr(coroutine))
    frames = task.get_stack(limit=1)
    where = f" at {frames[-1].f_code.co_filename}:{frames[-1].f_lineno}" if frames else ""
    return f"task {task.get_name()!r}: {name}{where}"


def describe_thread(thread: threading.Thread) -> str:
    return f"thread {thread.name!r}{' (daemon)' if thread.daemon else ''}"
