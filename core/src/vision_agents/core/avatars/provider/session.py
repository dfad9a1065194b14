"""What a provider implements: one session at its service, and why a session ends."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vision_agents.core.errors import ProviderError
    from vision_agents.core.media.pcm import PcmData

__all__ = ["EndReason", "Limits", "ProviderSession", "SessionEnd"]


class EndReason(Enum):
    """Why a session is over: what ``wait_closed`` found, or what ``disconnect`` is told."""

    CLOSED = "closed"
    """We are done with it: the call is over."""
    RENEWED = "renewed"
    """We replaced it before its cap."""
    STALLED = "stalled"
    """It owed speech and nothing came."""
    FAILED = "failed"
    """A call to the service failed, or made no sense."""
    CAP = "cap"
    """The service's longest session length is reached."""
    IDLE = "idle"
    """The service ended it for want of activity."""
    QUOTA = "quota"
    """Credits or minutes are used up: another session would be refused too."""
    ENDED = "ended"
    """The service ended it and gave no better reason."""
    DISCONNECTED = "disconnected"
    """The connection was lost."""

    @property
    def retryable(self) -> bool:
        """Whether another session can be had after this."""
        return self not in (EndReason.CLOSED, EndReason.QUOTA)


@dataclass(frozen=True, slots=True)
class SessionEnd:
    """How a session ended, as its service or its connection told it.

    ``detail`` is for people and holds no secret. ``error`` says more where there is one; then its
    ``retryable`` decides whether another session is opened.
    """

    reason: EndReason
    detail: str = ""
    error: ProviderError | None = None

    @property
    def retryable(self) -> bool:
        return self.reason.retryable if self.error is None else self.error.retryable

    def __str__(self) -> str:
        return f"{self.reason.value}: {self.detail}" if self.detail else self.reason.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the service granted for one session. ``None``: as the capabilities say."""

    max_session_s: float | None = None
    """Seconds from the return of ``connect`` until the service ends it."""
    idle_timeout_s: float | None = None
    keep_alive_s: float | None = None
    session_id: str = ""
    """The service's name for it, for events and logs; never a token."""


class ProviderSession(ABC):
    """One session at the service, made by :meth:`ProviderAvatar.connect`.

    Calls never overlap: the supervisor awaits one of ``send``, ``end``, ``interrupt``,
    ``keep_alive`` and ``user_speaking`` before the next. Only ``wait_closed`` runs beside them,
    and ``disconnect``, after which nothing else is called. Any call may be cancelled when the
    session is given up; ``disconnect`` follows. A call that takes longer than five seconds counts
    as a lost connection.

    Raise a :class:`~vision_agents.core.errors.ProviderError` for what the service did; any other
    exception is taken for a protocol error that no retry mends.
    """

    limits: Limits = Limits()

    @abstractmethod
    async def send(self, pcm: PcmData, *, utterance: int) -> None:
        """Hand over a chunk of speech: signed 16-bit, rate and channels of the capabilities.

        ``utterance`` counts up within the session and never comes back: after an ``end`` or an
        ``interrupt`` the next chunk has a new number.
        """

    @abstractmethod
    async def end(self, *, utterance: int) -> None:
        """Nothing more of ``utterance`` comes. Called once for each that is not interrupted."""

    @abstractmethod
    async def interrupt(self, *, utterance: int) -> None:
        """Stop speaking and drop what is queued; ``utterance`` is the newest that was sent.

        Only called while the service has unplayed speech. ``end`` is not called after it: a
        service that wants an end mark all the same gets it from here.
        """

    async def keep_alive(self) -> None:
        """Show the service that we are there; called after ``keep_alive_s`` without a call."""

    async def user_speaking(self, speaking: bool) -> None:
        """A person began or ceased to speak: lets the face look attentive. Never essential."""

    @abstractmethod
    async def wait_closed(self) -> SessionEnd:
        """Return when the session is lost or over, with the reason; cancelled when we end it.

        Must return for every way in which the service or the connection can go away.
        """

    @abstractmethod
    async def disconnect(self, reason: EndReason) -> None:
        """End the session at the service and close everything opened for it.

        Idempotent. Also called for a session that is already lost, since only this frees the
        connection and stops the billing. Cancelled after ten seconds.
        """
