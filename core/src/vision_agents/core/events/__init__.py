"""What happens in a call, as records that are delivered in order."""

from __future__ import annotations

from vision_agents.core.events.base import BaseEvent, ExceptionEvent
from vision_agents.core.events.manager import EventManager

__all__ = ["BaseEvent", "EventManager", "ExceptionEvent"]
