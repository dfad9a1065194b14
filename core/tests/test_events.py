"""Events arrive in order, once, and whatever a handler does."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass
from typing import ClassVar

import pytest

from vision_agents.core.errors import ConfigError
from vision_agents.core.events import BaseEvent, EventManager, ExceptionEvent


@dataclass(frozen=True, kw_only=True, slots=True)
class CountEvent(BaseEvent):
    type: ClassVar[str] = "test.count"
    n: int


@dataclass(frozen=True, kw_only=True, slots=True)
class OtherEvent(BaseEvent):
    type: ClassVar[str] = "test.other"


def test_sending_needs_no_loop_and_delivers_once_there_is_one() -> None:
    events, seen = EventManager(), list[int]()

    @events.subscribe
    async def take(event: CountEvent) -> None:
        seen.append(event.n)

    events.send(CountEvent(n=1), CountEvent(n=2))
    assert seen == []
    asyncio.run(_settle(events))
    assert seen == [1, 2]


async def _settle(events: EventManager) -> None:
    assert await events.wait(timeout_s=5)


async def test_order_holds_across_slow_and_quick_handlers() -> None:
    events, seen = EventManager(), list[tuple[str, int]]()

    @events.subscribe
    async def slow(event: CountEvent) -> None:
        await asyncio.sleep(0.01 if event.n == 0 else 0)
        seen.append(("slow", event.n))

    @events.subscribe
    def quick(event: CountEvent) -> None:
        seen.append(("quick", event.n))

    for n in range(5):
        events.send(CountEvent(n=n))
    await _settle(events)
    assert seen == [(who, n) for n in range(5) for who in ("slow", "quick")]


async def test_a_handler_gets_the_types_it_names() -> None:
    events, both, everything = EventManager(), list[str](), list[str]()

    @events.subscribe
    async def some(event: CountEvent | OtherEvent) -> None:
        both.append(event.type)

    @events.subscribe
    async def all_of_them(event: BaseEvent) -> None:
        everything.append(event.type)

    events.send(CountEvent(n=1), OtherEvent(), BaseEvent())
    await _settle(events)
    assert both == ["test.count", "test.other"]
    assert everything == ["test.count", "test.other", "base.event"]
    assert events.has_subscribers(CountEvent)


async def test_bound_methods_and_objects_can_handle_too() -> None:
    class Handler:
        def __init__(self) -> None:
            self.seen: list[int] = []

        def method(self, event: CountEvent) -> None:
            self.seen.append(event.n)

        def __call__(self, event: CountEvent) -> None:
            self.seen.append(-event.n)

    events, handler = EventManager(), Handler()
    events.subscribe(handler.method)
    events.subscribe(handler)
    events.send(CountEvent(n=3))
    await _settle(events)
    assert handler.seen == [3, -3]


async def test_a_failing_handler_becomes_an_event_and_the_others_are_served() -> None:
    events, failures, seen = EventManager(), list[ExceptionEvent](), list[int]()

    @events.subscribe
    async def fails(event: CountEvent) -> None:
        raise ValueError(f"no {event.n}")

    @events.subscribe
    async def works(event: CountEvent) -> None:
        seen.append(event.n)

    @events.subscribe
    async def told(event: ExceptionEvent) -> None:
        failures.append(event)
        raise RuntimeError("and the handler of failures fails as well")

    events.send(CountEvent(n=7))
    await _settle(events)
    assert seen == [7]
    assert [str(failure.exc) for failure in failures] == ["no 7"]
    assert "fails" in failures[0].handler


async def test_merged_managers_are_one() -> None:
    agent, avatar, part = EventManager(), EventManager(), EventManager()
    seen = list[int]()

    @part.subscribe
    async def take(event: CountEvent) -> None:
        seen.append(event.n)

    avatar.send(CountEvent(n=1))
    avatar.merge(part)
    agent.merge(avatar)
    agent.merge(avatar)
    for n, manager in enumerate((agent, avatar, part), start=2):
        manager.send(CountEvent(n=n))
    await _settle(part)
    assert seen == [1, 2, 3, 4]
    part.unsubscribe(take)
    agent.send(CountEvent(n=9))
    await _settle(agent)
    assert seen == [1, 2, 3, 4]


async def test_events_may_be_sent_from_a_thread() -> None:
    events, where = EventManager(), list[int]()

    @events.subscribe
    async def take(_: CountEvent) -> None:
        where.append(threading.get_ident())

    events.send(CountEvent(n=0))
    await _settle(events)
    await asyncio.to_thread(events.send, CountEvent(n=1))
    for _ in range(100):
        await asyncio.sleep(0.005)
        if len(where) == 2:
            break
    assert where == [threading.get_ident()] * 2


async def test_shutdown_delivers_what_is_pending_and_then_nothing() -> None:
    events, seen = EventManager(), list[int]()

    @events.subscribe
    async def take(event: CountEvent) -> None:
        await asyncio.sleep(0)
        seen.append(event.n)

    events.send(CountEvent(n=1), CountEvent(n=2))
    await events.shutdown()
    await events.shutdown()
    events.send(CountEvent(n=3))
    await _settle(events)
    assert seen == [1, 2]


async def test_shutdown_does_not_wait_for_ever() -> None:
    events, cancelled = EventManager(), asyncio.Event()

    @events.subscribe
    async def stuck(_: CountEvent) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    events.send(CountEvent(n=1))
    assert not await events.wait(timeout_s=0.01)
    await events.shutdown(timeout_s=0.05)
    assert cancelled.is_set()


async def test_a_handler_may_shut_its_manager_down() -> None:
    events = EventManager()

    @events.subscribe
    async def last(_: CountEvent) -> None:
        await events.shutdown()

    events.send(CountEvent(n=1))
    await _settle(events)


def test_a_handler_must_say_what_it_wants() -> None:
    events = EventManager()

    async def nothing_said(event) -> None:  # type: ignore[no-untyped-def]
        del event

    async def no_event(event: int) -> None:
        del event

    async def not_there(event: Missing) -> None:  # type: ignore[name-defined]  # noqa: F821
        del event

    for handler in (nothing_said, no_event):
        with pytest.raises(ConfigError, match="annotate its first parameter"):
            events.subscribe(handler)
    with pytest.raises(ConfigError, match=r"cannot be resolved.*Missing"):
        events.subscribe(not_there)


def test_a_manager_nobody_serves_does_not_grow_for_ever(caplog: pytest.LogCaptureFixture) -> None:
    events, seen = EventManager(), list[int]()

    @events.subscribe
    async def take(event: CountEvent) -> None:
        seen.append(event.n)

    for n in range(10_010):
        events.send(CountEvent(n=n))
    assert caplog.text.count("events are dropped") == 1
    asyncio.run(_settle(events))
    assert seen == list(range(10, 10_010))
