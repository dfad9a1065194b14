"""Events about an avatar: ``plugin.avatar.*``, sent by avatars, their supervisor and the agent.

Reasons are sentences for people and never hold a secret or what the user said.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from vision_agents.core.events.base import BaseEvent

if TYPE_CHECKING:
    from vision_agents.core.sync.report import SyncReport

__all__ = [
    "AvatarConnectedEvent",
    "AvatarDegradedEvent",
    "AvatarDisconnectedEvent",
    "AvatarErrorEvent",
    "AvatarEvent",
    "AvatarFirstFrameEvent",
    "AvatarInterruptedEvent",
    "AvatarPlaybackFinishedEvent",
    "AvatarPlaybackStartedEvent",
    "AvatarReconnectingEvent",
    "AvatarRecoveredEvent",
    "AvatarRenewedEvent",
    "AvatarStateChangedEvent",
    "AvatarSyncReportEvent",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class AvatarEvent(BaseEvent):
    """What all events about an avatar have: ``provider_name`` says which one."""

    type: ClassVar[str] = "plugin.avatar.event"
    provider_name: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class AvatarStateChangedEvent(AvatarEvent):
    """The supervisor went from one state to another."""

    type: ClassVar[str] = "plugin.avatar.state_changed"
    old: str
    new: str
    reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class AvatarConnectedEvent(AvatarEvent):
    """A session can take speech. ``phases_s`` holds the seconds each phase of the start took."""

    type: ClassVar[str] = "plugin.avatar.connected"
    latency_s: float
    phases_s: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class AvatarDisconnectedEvent(AvatarEvent):
    """A session is over. ``billed_s`` is what the provider charges for, where that is known."""

    type: ClassVar[str] = "plugin.avatar.disconnected"
    reason: str
    duration_s: float = 0.0
    billed_s: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class AvatarReconnectingEvent(AvatarEvent):
    """A session was lost and another attempt is made after ``delay_s``."""

    type: ClassVar[str] = "plugin.avatar.reconnecting"
    attempt: int
    delay_s: float
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AvatarRenewedEvent(AvatarEvent):
    """A session was replaced before its cap; both were alive for ``overlap_s``."""

    type: ClassVar[str] = "plugin.avatar.renewed"
    reason: str
    overlap_s: float


@dataclass(frozen=True, kw_only=True, slots=True)
class AvatarFirstFrameEvent(AvatarEvent):
    """The first picture of a session came ``latency_s`` after its start."""

    type: ClassVar[str] = "plugin.avatar.first_frame"
    latency_s: float
    width: int
    height: int


@dataclass(frozen=True, kw_only=True, slots=True)
class AvatarPlaybackStartedEvent(AvatarEvent):
    """The first sample of an utterance has left towards the listener."""

    type: ClassVar[str] = "plugin.avatar.playback_started"
    utterance_id: int


@dataclass(frozen=True, kw_only=True, slots=True)
class AvatarPlaybackFinishedEvent(AvatarEvent):
    """An utterance is over; sent exactly once for each. ``heard_s`` of ``sent_s`` was played."""

    type: ClassVar[str] = "plugin.avatar.playback_finished"
    utterance_id: int
    heard_s: float
    sent_s: float
    interrupted: bool
    reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class AvatarInterruptedEvent(AvatarEvent):
    """A barge-in was carried out; the local cut took ``latency_s``."""

    type: ClassVar[str] = "plugin.avatar.interrupted"
    utterance_id: int | None
    heard_s: float
    latency_s: float


@dataclass(frozen=True, kw_only=True, slots=True)
class AvatarDegradedEvent(AvatarEvent):
    """The avatar is not what it should be; ``to`` says what is shown and heard instead."""

    type: ClassVar[str] = "plugin.avatar.degraded"
    to: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AvatarRecoveredEvent(AvatarEvent):
    """The avatar is back after ``degraded_s`` seconds."""

    type: ClassVar[str] = "plugin.avatar.recovered"
    degraded_s: float


@dataclass(frozen=True, kw_only=True, slots=True)
class AvatarErrorEvent(AvatarEvent):
    """Something failed; ``fatal`` when the avatar will not try again by itself."""

    type: ClassVar[str] = "plugin.avatar.error"
    exc: BaseException
    fatal: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class AvatarSyncReportEvent(AvatarEvent):
    """The lip-sync numbers of about one second of playout."""

    type: ClassVar[str] = "plugin.avatar.sync_report"
    report: SyncReport
