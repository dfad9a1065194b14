"""The two clocks that a run can have."""

from __future__ import annotations

import asyncio
import importlib.util
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

LoopFactory = Callable[[], asyncio.AbstractEventLoop]

_CORE_CLOCK = Path(__file__).parents[2] / "core/src/vision_agents/core/testing/clock.py"


@contextmanager
def real_time() -> Iterator[LoopFactory]:
    yield asyncio.new_event_loop


@contextmanager
def virtual_time() -> Iterator[LoopFactory]:
    """Core's virtual time, for every clock of the ``time`` module.

    Taken from its file, because in the peer's environment ``vision_agents.core`` is the peer's.
    """
    spec = importlib.util.spec_from_file_location("core_clock", _CORE_CLOCK)
    assert spec is not None
    assert spec.loader is not None
    clock: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(clock)
    found = time.time, time.perf_counter
    with clock.virtual_time() as factory:
        time.time = lambda: 1.7e9 + time.monotonic()
        time.perf_counter = lambda: time.monotonic()
        try:
            yield factory
        finally:
            time.time, time.perf_counter = found
