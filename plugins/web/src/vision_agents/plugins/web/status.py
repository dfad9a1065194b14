"""What the page says about the agent, from the agent's events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vision_agents.core.events.avatar import (
    AvatarDegradedEvent,
    AvatarPlaybackFinishedEvent,
    AvatarPlaybackStartedEvent,
    AvatarReconnectingEvent,
    AvatarRecoveredEvent,
    AvatarSyncReportEvent,
)

if TYPE_CHECKING:
    from vision_agents.core.events.base import BaseEvent


class AgentStatus:
    """Follows events; holds what a person wants to know now."""

    def __init__(self) -> None:
        self.state = "silent"
        """``speaking`` or ``silent``."""
        self.note = ""
        """A sentence when the avatar is not what it should be, else empty."""
        self.offset_ms: float | None = None
        """A/V offset that the sync engine measured last; positive where sound is late."""

    def observe(self, event: BaseEvent) -> None:
        """Take over what an event changes; the others are none of the page's business."""
        match event:
            case AvatarPlaybackStartedEvent():
                self.state = "speaking"
            case AvatarPlaybackFinishedEvent():
                self.state = "silent"
            case AvatarSyncReportEvent(report=report):
                self.offset_ms = report.offset_ms_p50
            case AvatarReconnectingEvent(reason=reason):
                self.note = f"The avatar is reconnecting: {reason}"
            case AvatarDegradedEvent(to=to, reason=reason):
                self.note = f"The avatar is {to} for now: {reason}"
            case AvatarRecoveredEvent():
                self.note = ""
            case _:
                pass
