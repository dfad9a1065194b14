"""Delivery of events: in order, from anywhere, without a task while nothing happens."""

from __future__ import annotations

import asyncio
import inspect
import logging
import types
import typing
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from vision_agents.core.errors import ConfigError
from vision_agents.core.events.base import BaseEvent, ExceptionEvent

__all__ = ["EventManager"]

logger = logging.getLogger(__name__)

Handler = Callable[[Any], Awaitable[None] | None]
HandlerT = TypeVar("HandlerT", bound=Handler)

# Far beyond any burst seen (a call sends about five events a second); it only keeps a manager
# that nobody serves from growing without end.
MAX_PENDING = 10_000


@dataclass(slots=True)
class _Hub:
    """The handler table and the queue; merged managers share one."""

    handlers: list[tuple[Handler, tuple[type[BaseEvent], ...]]] = field(default_factory=list)
    pending: deque[BaseEvent] = field(default_factory=deque)
    dispatcher: asyncio.Task[None] | None = None
    loop: asyncio.AbstractEventLoop | None = None
    closed: bool = False
    dropped: int = 0
    merged_into: _Hub | None = None


class EventManager:
    """Hands every event to the handlers that asked for its type, in the order of ``send``.

    One dispatcher task delivers event after event and handler after handler, and it lives only
    while something is pending. A handler that takes long therefore delays the events after it:
    start a task of your own for long work. A handler that raises becomes an
    :class:`ExceptionEvent`; the others are served all the same.
    """

    def __init__(self) -> None:
        self._own = _Hub()

    def subscribe(self, handler: HandlerT) -> HandlerT:
        """Serve ``handler`` all events of the type its first parameter is annotated with.

        A union serves several types and ``BaseEvent`` serves all. ``async def`` and ``def`` both
        work. Returns ``handler``, so it can be used as a decorator.

        Raises:
            ConfigError: the annotation is missing or names no event type.
        """
        self._hub.handlers.append((handler, _event_types(handler)))
        self._wake()
        return handler

    def unsubscribe(self, handler: Handler) -> None:
        """Serve ``handler`` no more; nothing happens when it was not subscribed."""
        hub = self._hub
        hub.handlers = [entry for entry in hub.handlers if entry[0] != handler]

    def has_subscribers(self, event_type: type[BaseEvent]) -> bool:
        """Whether anybody would be served an event of this type."""
        return any(issubclass(event_type, wanted) for _, wanted in self._hub.handlers)

    def send(self, *events: BaseEvent) -> None:
        """Queue events for delivery; callable from any thread, with or without a running loop.

        Without one they are delivered as soon as the manager is next used inside a loop. After
        ``shutdown`` they are dropped. Beyond 10 000 undelivered events the oldest go, counted
        and logged.
        """
        hub = self._hub
        if hub.closed:
            return
        hub.pending.extend(events)
        while len(hub.pending) > MAX_PENDING:
            hub.pending.popleft()
            if hub.dropped == 0:
                logger.warning("events are dropped: more than %d undelivered", MAX_PENDING)
            hub.dropped += 1
        self._wake()

    def merge(self, other: EventManager) -> None:
        """Share one handler table and one queue with ``other`` from now on."""
        mine, theirs = self._hub, other._hub
        if mine is theirs:
            return
        mine.handlers.extend(theirs.handlers)
        mine.pending.extend(theirs.pending)
        theirs.handlers.clear()
        theirs.pending.clear()
        theirs.merged_into = mine
        self._wake()

    async def wait(self, timeout_s: float = 10.0) -> bool:
        """Wait until all that was sent has been handled; False when that takes longer."""
        self._wake()
        dispatcher = self._hub.dispatcher
        if dispatcher is None or dispatcher is asyncio.current_task():
            return not self._hub.pending
        done, _ = await asyncio.wait({dispatcher}, timeout=timeout_s)
        return bool(done)

    async def shutdown(self, timeout_s: float = 2.0) -> None:
        """Deliver what is pending, then deliver nothing more; idempotent.

        A handler still busy after ``timeout_s`` is cancelled. Callable from inside a handler,
        which is then not waited for.
        """
        finished = await self.wait(timeout_s)
        hub = self._hub
        hub.closed = True
        hub.pending.clear()
        dispatcher = hub.dispatcher
        if finished or dispatcher is None or dispatcher is asyncio.current_task():
            return
        logger.warning("an event handler was cancelled: still busy after %g s", timeout_s)
        dispatcher.cancel()
        await asyncio.wait({dispatcher}, timeout=timeout_s)

    @property
    def _hub(self) -> _Hub:
        hub = self._own
        while hub.merged_into is not None:
            hub = hub.merged_into
        self._own = hub
        return hub

    def _wake(self) -> None:
        """Start the dispatcher if there is work and a loop to run it."""
        hub = self._hub
        if not hub.pending or hub.closed:
            return
        try:
            running = asyncio.get_running_loop()
        except RuntimeError:
            running = None
        if hub.loop is not None and hub.loop is not running and hub.loop.is_running():
            hub.loop.call_soon_threadsafe(self._wake)
        elif running is not None and (hub.dispatcher is None or hub.dispatcher.done()):
            hub.loop = running
            hub.dispatcher = running.create_task(_dispatch(hub), name="events")


async def _dispatch(hub: _Hub) -> None:
    while hub.pending:
        event = hub.pending.popleft()
        for handler, wanted in tuple(hub.handlers):
            if isinstance(event, wanted):
                await _deliver(hub, handler, event)


async def _deliver(hub: _Hub, handler: Handler, event: BaseEvent) -> None:
    try:
        result = handler(event)
        if inspect.isawaitable(result):
            await result
    except Exception as exc:  # a reporting boundary: a handler's fault is not the sender's
        name = getattr(handler, "__qualname__", repr(handler))
        logger.exception("event handler %s failed on %s", name, event.type)
        if not isinstance(event, ExceptionEvent):  # else a faulty handler would feed itself
            hub.pending.append(ExceptionEvent(exc=exc, handler=name, event=event))


def _event_types(handler: Handler) -> tuple[type[BaseEvent], ...]:
    name = getattr(handler, "__qualname__", repr(handler))
    try:
        # Only the first parameter is looked up, so that a return annotation or a second
        # parameter that cannot be resolved at run time does not matter.
        annotation = _first_annotation(handler)
    except NameError as exc:
        raise ConfigError(
            f"the event type of {name} cannot be resolved: {exc}. Import it at run time at the "
            "top of the module, not under TYPE_CHECKING or inside a function"
        ) from exc
    union = typing.get_origin(annotation) in (typing.Union, types.UnionType)
    wanted = typing.get_args(annotation) if union else (annotation,)
    if not all(isinstance(item, type) and issubclass(item, BaseEvent) for item in wanted):
        raise ConfigError(
            f"{name} must say which events it wants: annotate its first parameter with an event "
            "class, as in 'async def on_turn(event: AgentTurnEndedEvent) -> None'"
        )
    return wanted


def _first_annotation(handler: Handler) -> object:
    function = handler if inspect.isroutine(handler) else type(handler).__call__
    function = inspect.unwrap(getattr(function, "__func__", function))
    parameters = list(inspect.signature(handler).parameters.values())
    if not parameters:
        return None
    annotation = parameters[0].annotation
    if isinstance(annotation, str):
        closure = inspect.getclosurevars(function)
        namespace = {**closure.globals, **function.__globals__, **closure.nonlocals}
        return eval(annotation, namespace)
    return annotation
