"""What an agent is made of: started, told and closed together, and each within a time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vision_agents.core.errors import ProviderTimeoutError

if TYPE_CHECKING:
    from vision_agents.core.avatars.avatar import Avatar
    from vision_agents.core.edge.edge import Edge
    from vision_agents.core.events.manager import EventManager
    from vision_agents.core.llm import LLM
    from vision_agents.core.metrics.collector import MetricsCollector
    from vision_agents.core.stt import STT
    from vision_agents.core.tts import TTS

__all__ = ["Background", "Failure", "Parts", "start_in_time", "start_together"]

logger = logging.getLogger(__name__)

# Each part gets this long to close; they close at the same time.
CLOSE_TIMEOUT_S = 10.0
# How long an avatar or a voice may take to be told of a barge-in; the local cut is done by then.
INTERRUPT_TIMEOUT_S = 1.0

Step = tuple[str, Callable[[], Awaitable[None]]]
"""What is done, for a message, and what to call for it."""
Failure = tuple[str, Exception]
"""What was being done, and what went wrong."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of one agent; the agent owns them."""

    edge: Edge | None
    tts: TTS | None
    stt: STT | None
    llm: LLM | None
    avatar: Avatar | None

    def merge_into(self, events: EventManager, metrics: MetricsCollector) -> None:
        """Make the parts' events and measurements the agent's."""
        for part in (self.tts, self.stt, self.llm, self.avatar):
            if part is not None:
                events.merge(part.events)
                metrics.merge(part.metrics)

    def starts(self, timeout_s: float) -> list[Coroutine[Any, Any, None]]:
        """The starts of voice, ears and mind; edge and avatar have a say of their own."""
        named = (("tts", self.tts), ("stt", self.stt), ("llm", self.llm))
        return [start_in_time(n, part.start, timeout_s) for n, part in named if part is not None]

    async def tell_interrupted(self) -> list[Failure]:
        """Tell avatar and voice of a barge-in that has been carried out."""
        steps: list[Step] = []
        if self.avatar is not None:
            steps.append(("interrupting the avatar", self.avatar.interrupt))
        if self.tts is not None:
            steps.append(("interrupting the voice", self.tts.interrupt))
        return await _each(steps, INTERRUPT_TIMEOUT_S)

    async def close_edge(self) -> list[Failure]:
        """Leave the call; from then on nobody reads picture and sound."""
        return [] if self.edge is None else await _close(("edge", self.edge))

    async def close_avatar(self) -> list[Failure]:
        """Close the avatar, started or not."""
        return [] if self.avatar is None else await _close(("avatar", self.avatar))

    async def close_sources(self) -> list[Failure]:
        """Close all but the edge."""
        return await _close(
            ("avatar", self.avatar), ("tts", self.tts), ("stt", self.stt), ("llm", self.llm)
        )


class Background:
    """The tasks of one agent: each reports what it raises, and all end with the agent."""

    def __init__(self, report: Callable[[Failure], None]) -> None:
        self._report = report
        self._tasks: set[asyncio.Task[None]] = set()

    def spawn(self, where: str, work: Callable[[], Coroutine[Any, Any, object]]) -> None:
        """Run ``work`` until it ends or ``end`` cancels it."""

        async def supervised() -> None:
            try:
                await work()
            except Exception as exc:  # a reporting boundary: the call goes on
                self._report((where, exc))

        task = asyncio.create_task(supervised(), name=f"agent-{where}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def end(self) -> None:
        """Cancel what runs and wait for it, within ``CLOSE_TIMEOUT_S``."""
        tasks = set(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=CLOSE_TIMEOUT_S)


async def start_together(*starts: Coroutine[Any, Any, None]) -> None:
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


async def _close(*parts: tuple[str, Edge | Avatar | TTS | STT | LLM | None]) -> list[Failure]:
    steps = [(f"closing the {name}", part.close) for name, part in parts if part is not None]
    return await _each(steps, CLOSE_TIMEOUT_S)


async def _each(steps: Sequence[Step], timeout_s: float) -> list[Failure]:
    """Do everything at once, each within ``timeout_s``; what went wrong comes back."""

    async def one(name: str, call: Callable[[], Awaitable[None]]) -> Failure | None:
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
