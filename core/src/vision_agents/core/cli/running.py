"""Runs a command's coroutine until it is done or somebody wants it to stop."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Coroutine
from typing import Any

__all__ = ["run"]


def run(main: Coroutine[Any, Any, None]) -> bool:
    """Run ``main``; False when Ctrl-C or a termination signal ended it.

    It is cancelled then and cleans up; a second signal during that ends the process.
    """
    try:
        asyncio.run(_until_told(main))
    except (KeyboardInterrupt, asyncio.CancelledError):
        return False
    return True


async def _until_told(main: Coroutine[Any, Any, None]) -> None:
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None

    def stop() -> None:
        loop.remove_signal_handler(signal.SIGTERM)
        task.cancel()

    # SIGINT is asyncio.run's own; a service manager or a container sends this one.
    with contextlib.suppress(NotImplementedError):  # Windows has no such thing
        loop.add_signal_handler(signal.SIGTERM, stop)
    try:
        await main
    finally:
        with contextlib.suppress(NotImplementedError):
            loop.remove_signal_handler(signal.SIGTERM)
