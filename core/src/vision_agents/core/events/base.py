"""The record all events share."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import ClassVar


@dataclass(frozen=True, kw_only=True, slots=True)
class BaseEvent:
    """Something that happened; immutable, so one record may go to many handlers.

    ``timestamp`` is wall-clock time for people; nothing is computed from it. ``session_id``
    names the agent's call, or the provider's session where a provider sends the event.
    """

    type: ClassVar[str] = "base.event"
    event_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    timestamp: datetime = field(default_factory=lambda: datetime.now(UTC))
    session_id: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ExceptionEvent(BaseEvent):
    """A handler raised; the other handlers got the event all the same."""

    type: ClassVar[str] = "base.exception"
    exc: BaseException
    handler: str
    event: BaseEvent
