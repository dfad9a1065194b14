"""Tells events, metrics and the log what became of the sessions."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from vision_agents.core.events.avatar import (
    AvatarConnectedEvent,
    AvatarDegradedEvent,
    AvatarDisconnectedEvent,
    AvatarErrorEvent,
    AvatarFirstFrameEvent,
    AvatarReconnectingEvent,
    AvatarRecoveredEvent,
    AvatarRenewedEvent,
    AvatarStateChangedEvent,
)

if TYPE_CHECKING:
    from vision_agents.core.avatars.provider.link import Link
    from vision_agents.core.avatars.provider.machine import Transition
    from vision_agents.core.avatars.provider.session import EndReason
    from vision_agents.core.errors import ProviderError
    from vision_agents.core.events.manager import EventManager
    from vision_agents.core.metrics.collector import MetricsCollector

logger = logging.getLogger(__name__)


class Reporter:
    """One method per thing that can happen to a provider."""

    def __init__(self, provider: str, events: EventManager, metrics: MetricsCollector) -> None:
        self._provider = provider
        self._events = events
        self._metrics = metrics
        self._joined = False

    def changed(self, change: Transition | None) -> None:
        """The state changed, or did not."""
        if change is None:
            return
        self._events.send(
            AvatarStateChangedEvent(
                provider_name=self._provider,
                old=change.old.value,
                new=change.new.value,
                reason=change.reason,
            )
        )

    def connected(self, link: Link) -> None:
        """A session can take speech and has shown its first picture."""
        provider = self._provider
        latency_s = link.opening_s
        logger.info("%s: session %s opened in %.2f s", provider, link.session_id, latency_s)
        self._events.send(
            AvatarConnectedEvent(
                provider_name=provider,
                session_id=link.session_id,
                latency_s=latency_s,
                phases_s=dict(link.phases.spent_s),
            )
        )
        self._metrics.add("avatar.sessions", provider=provider)
        for phase, seconds in link.phases.spent_s.items():
            self._metrics.record(
                "avatar.phase.latency.ms", 1000 * seconds, provider=provider, phase=phase
            )
        if not self._joined:
            self._joined = True
            self._metrics.record("avatar.join.latency.ms", 1000 * latency_s, provider=provider)
        picture = link.reception.first_picture
        if picture is not None:
            self._events.send(
                AvatarFirstFrameEvent(
                    provider_name=provider,
                    session_id=link.session_id,
                    latency_s=latency_s,
                    width=picture.width,
                    height=picture.height,
                )
            )
            self._metrics.record(
                "avatar.first_frame.latency.ms", 1000 * latency_s, provider=provider
            )

    def disconnected(self, link: Link, reason: EndReason, *, billed: bool) -> None:
        """A session is over, also one that never became ready."""
        if not link.has_session:
            return
        provider, lived_s = self._provider, link.lived_s
        logger.info(
            "%s: session %s over after %.1f s: %s", provider, link.session_id, lived_s, reason.value
        )
        self._events.send(
            AvatarDisconnectedEvent(
                provider_name=provider,
                session_id=link.session_id,
                reason=reason.value,
                duration_s=lived_s,
                billed_s=lived_s if billed else None,
            )
        )
        self._metrics.record("avatar.session.duration.ms", 1000 * lived_s, provider=provider)
        if billed:
            self._metrics.add("avatar.session.billed.s", lived_s, provider=provider)

    def reconnecting(self, attempt: int, delay_s: float, reason: str) -> None:
        """Another session is opened in place of one that was lost or refused."""
        logger.info("%s: opening another session in %.2f s (%s)", self._provider, delay_s, reason)
        self._events.send(
            AvatarReconnectingEvent(
                provider_name=self._provider, attempt=attempt, delay_s=delay_s, reason=reason
            )
        )
        self._metrics.add("avatar.reconnections", provider=self._provider)

    def renewed(self, old: Link, new: Link, now_s: float) -> None:
        """A session was replaced while it was alive."""
        self._events.send(
            AvatarRenewedEvent(
                provider_name=self._provider,
                session_id=new.session_id,
                reason=old.replace_reason.value,
                overlap_s=now_s - new.opened_at_s,
            )
        )
        self._metrics.add("avatar.renewals", provider=self._provider)

    def voice_only(self, reason: str) -> None:
        """The voice goes on alone."""
        logger.warning("%s: voice only: %s", self._provider, reason)
        self._events.send(
            AvatarDegradedEvent(provider_name=self._provider, to="voice", reason=reason)
        )
        self._metrics.add("avatar.failovers", provider=self._provider, reason=reason)

    def recovered(self, faceless_since_s: float, now_s: float) -> None:
        """The face is back."""
        self._events.send(
            AvatarRecoveredEvent(provider_name=self._provider, degraded_s=now_s - faceless_since_s)
        )

    def failed(self, error: ProviderError, *, fatal: bool) -> None:
        """An attempt failed; ``fatal``: there will be no other."""
        log = logger.error if fatal else logger.warning
        log("%s", error)
        self._events.send(AvatarErrorEvent(provider_name=self._provider, exc=error, fatal=fatal))
        self._metrics.add("avatar.errors", provider=self._provider, error_type=type(error).__name__)
