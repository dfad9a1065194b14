"""Conversations that several checks judge: each is held once per suite and kept."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from vision_agents.core.testing.conformance.base import KitBase
from vision_agents.core.testing.conformance.call import NotedCall, Said
from vision_agents.core.testing.conformance.check import CHECK, About
from vision_agents.core.testing.conformance.guard import Blocked, watch_the_loop

if TYPE_CHECKING:
    import pytest

    from vision_agents.core.testing.conformance.bench import Bench
    from vision_agents.core.testing.service import Seen

__all__ = ["BargeIn", "Talk", "TalkBase", "judge"]

Told = str | None

MOST_REPEATS = 2
"""How often a conversation of the wire tier is held once more in all."""


@dataclass
class BargeIn:
    """One interruption: which utterance, when it began, when the local cut was done."""

    said: Said
    at_s: float
    cut_at_s: float
    told_by_s: float
    """When ``interrupt()`` returned."""


@dataclass
class Talk:
    """A finished conversation, and what its bench had."""

    call: NotedCall
    bench: Bench
    barge_ins: list[BargeIn]
    blocked: Blocked
    """What blocked the event loop, from before the start until after the close."""

    def arrived(self, said: Said) -> list[Seen]:
        """Speech and ends that the service saw of an utterance, which came one after another."""
        assert self.bench.log is not None
        later = [other.sent_at_s for other in self.call.said if other.sent_at_s > said.sent_at_s]
        until_s = min(later, default=float("inf"))
        return [
            seen
            for seen in self.bench.log.seen
            if seen.what in ("speech", "ended") and said.sent_at_s <= seen.at_s < until_s
        ]


Hold = Callable[["TalkBase", NotedCall, list[BargeIn]], Awaitable[None]]


class TalkBase(KitBase):
    """Holds conversations."""

    _held: ClassVar[dict[tuple[type, str], Talk | Exception]] = {}
    _again: ClassVar[dict[tuple[type, str], int]] = {}

    def held(self, kind: str, hold: Hold) -> Talk:
        """The conversation of this kind, held now if it has not been.

        Raises:
            Exception: what broke it, for every check that judges it.
        """
        key = (type(self), kind)
        if key not in self._held:
            try:
                self._held[key] = self._hold(kind, hold)
            except Exception as exc:  # kept, and raised for each check that wanted it
                self._held[key] = exc
        talk = self._held[key]
        if isinstance(talk, Exception):
            raise talk
        return talk

    def held_twice(self, kind: str, hold: Hold) -> tuple[Talk, Talk]:
        """The conversation of this kind, and the same held anew, which later checks judge."""
        first = self.held(kind, hold)
        del self._held[type(self), kind]
        return first, self.held(kind, hold)

    def hold_again(self, kind: str) -> bool:
        """Forget a conversation that was judged badly, so that it is held once more.

        A busy machine spoils what is measured in real time, a broken avatar spoils it each time.
        Virtual time has no such excuse. False when it is enough.
        """
        key = (type(self), kind)
        tries = self._again[key] = self._again.get(key, 0) + 1
        if self.tier == "pure" or tries > MOST_REPEATS:
            return False
        self._held.pop(key, None)
        return True

    def _hold(self, kind: str, hold: Hold) -> Talk:
        found: list[Talk] = []

        async def body(_: Any, bench: Bench) -> None:
            barge_ins: list[BargeIn] = []
            call = NotedCall(self.make(bench), bench)
            with watch_the_loop(self.selector()) as blocked:
                async with call:
                    await asyncio.sleep(0.3)
                    await hold(self, call, barge_ins)
                    await asyncio.sleep(0.5)
            found.append(Talk(call, bench, barge_ins, blocked))

        self.on_a_bench(f"the {kind} conversation", body, may_leak=True)
        return found[0]


def judge(
    title: str, hold: Hold, *, log: bool = False, flash: bool = False
) -> Callable[[Callable[[Any, Talk], Told]], Callable[[Any, pytest.FixtureRequest], None]]:
    """Make a test of ``def test_x(self, talk)``, where ``hold`` led that conversation."""
    about = About(title, needs_log=log, needs_flash=flash)

    def wrap(verdict: Callable[[Any, Talk], Told]) -> Callable[[Any, pytest.FixtureRequest], None]:
        def test(self: Any, request: pytest.FixtureRequest) -> None:
            __tracebackhide__ = True
            self.report_on(request, about, lambda: _judged(self))

        def _judged(self: TalkBase) -> Told:
            kind = hold.__name__.strip("_")
            while True:
                talk = self.held(kind, hold)
                self.require(talk.bench, talk.call.avatar, about)
                try:
                    return verdict(self, talk)
                except AssertionError:
                    if not self.hold_again(kind):
                        raise

        test.__name__, test.__qualname__ = verdict.__name__, verdict.__qualname__
        test.__doc__ = title
        setattr(test, CHECK, about)
        return test

    return wrap


async def barge_in(call: NotedCall, said: Said, barge_ins: list[BargeIn]) -> None:
    """Interrupt in the agent's order: the input, the local cut, the provider."""
    at_s = time.monotonic()
    await call.input.flush()
    await call.avatar.audio_output().flush()
    cut_at_s = time.monotonic()
    await call.avatar.interrupt()
    barge_ins.append(BargeIn(said, at_s, cut_at_s, time.monotonic()))
