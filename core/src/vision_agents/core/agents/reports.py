"""Turns what happens into events, metrics and hook calls: once, for every avatar alike."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

from vision_agents.core.events.agent import (
    AgentErrorEvent,
    AgentFinishEvent,
    AgentJoinedCallEvent,
    AgentLeftCallEvent,
    AgentTurnEndedEvent,
    AgentTurnStartedEvent,
)
from vision_agents.core.events.avatar import (
    AvatarDegradedEvent,
    AvatarErrorEvent,
    AvatarEvent,
    AvatarInterruptedEvent,
    AvatarPlaybackFinishedEvent,
    AvatarPlaybackStartedEvent,
    AvatarSyncReportEvent,
)
from vision_agents.core.events.base import BaseEvent  # noqa: TC001 - read at run time
from vision_agents.core.sync.utterances import UtteranceFinished, UtteranceStarted

if TYPE_CHECKING:
    from vision_agents.core.agents.parts import Failure
    from vision_agents.core.agents.speech import Speech
    from vision_agents.core.edge.edge import Edge
    from vision_agents.core.events.manager import EventManager
    from vision_agents.core.metrics.collector import MetricsCollector
    from vision_agents.core.plugin import Observers, SessionInfo
    from vision_agents.core.sync.report import SyncReport

__all__ = ["Reports"]

logger = logging.getLogger(__name__)


class Reports:
    """Says what becomes of an agent and its speech; ``session`` tells whose it is."""

    def __init__(
        self,
        events: EventManager,
        metrics: MetricsCollector,
        observers: Observers,
        edge: Edge | None,
        session: SessionInfo,
    ) -> None:
        self.session = session
        self._events = events
        self._metrics = metrics
        self._observers = observers
        self._edge = edge
        self._speech: Speech | None = None
        self._last_sync: SyncReport | None = None

    def follow(self, speech: Speech) -> None:
        """Report what is played of ``speech`` from now on."""
        self._speech = speech
        speech.output.playback.subscribe(self._played)
        speech.output.on_report(self._synced)

    def forward(self, event: BaseEvent) -> None:
        """Hand an event on to the edge, and those of avatars to the installed observers."""
        if self._edge is not None:
            self._edge.observe(event)
        if isinstance(event, AvatarEvent):
            self._observers.avatar_event(self.session, event)

    def joined(self) -> None:
        """The agent is in the call and can speak."""
        session_id, call_id = self.session.session_id, self.session.call_id
        self._events.send(AgentJoinedCallEvent(session_id=session_id, call_id=call_id))
        logger.info("agent %s joined call %s", session_id, call_id)

    def call_over(self) -> None:
        """Nothing more is to be said or heard in the call."""
        self._events.send(AgentFinishEvent(session_id=self.session.session_id))

    def left(self) -> None:
        """The agent has left the call, and all of it is closed."""
        session_id, call_id = self.session.session_id, self.session.call_id
        self._events.send(AgentLeftCallEvent(session_id=session_id, call_id=call_id))
        logger.info("agent %s left call %s", session_id, call_id)

    def failed(self, *failures: Failure) -> None:
        """Something went wrong and the rest goes on."""
        session_id = self.session.session_id
        for where, exc in failures:
            logger.error("%s failed: %s", where, exc, exc_info=exc)
            self._events.send(AgentErrorEvent(session_id=session_id, where=where, exc=exc))

    def avatar_started(self, latency_s: float) -> None:
        """The avatar can speak ``latency_s`` after it was asked to start."""
        self._record("avatar.join.latency.ms", latency_s * 1000)

    def avatar_lost(self, exc: Exception) -> None:
        """The avatar did not start, and the voice goes on without it."""
        name = self.session.provider_name
        logger.error("avatar %r could not start, voice only: %s", name, exc, exc_info=exc)
        self._events.send(
            AvatarErrorEvent(exc=exc, fatal=True, **self._origin),
            AvatarDegradedEvent(to="voice", reason=str(exc), **self._origin),
        )
        self._metrics.add("avatar.errors", provider=name, error_type=type(exc).__name__)
        self._metrics.add("avatar.failovers", provider=name)

    def interrupted(self, utterance_id: int | None, heard_s: float, latency_s: float) -> None:
        """A barge-in was carried out here; the avatar is told next."""
        self._record("avatar.interrupt.latency.ms", latency_s * 1000)
        self._events.send(
            AvatarInterruptedEvent(
                utterance_id=utterance_id, heard_s=heard_s, latency_s=latency_s, **self._origin
            )
        )

    def _synced(self, report: SyncReport) -> None:
        self._events.send(AvatarSyncReportEvent(report=report, **self._origin))
        before, self._last_sync = self._last_sync, report
        self._record("avatar.depth.ms", report.depth_s * 1000)
        if before is None or report.shown > before.shown:
            self._record("avatar.av_offset.ms", report.offset_ms_p50)
        for name, total, total_before in _counts(report, before):
            if total > total_before:
                self._metrics.add(name, total - total_before, provider=self.session.provider_name)

    def _played(self, event: object) -> None:
        if isinstance(event, UtteranceStarted):
            self._started(event)
        elif isinstance(event, UtteranceFinished):
            self._finished(event)

    def _started(self, event: UtteranceStarted) -> None:
        utterance = self._speech.utterance(event.utterance_id) if self._speech else None
        if utterance is not None and utterance.first_sent_s is not None:
            latency_ms = (time.monotonic() - utterance.first_sent_s) * 1000
            self._record("avatar.playback.latency.ms", latency_ms)
        self._metrics.add("agent.utterances")
        self._events.send(
            AvatarPlaybackStartedEvent(utterance_id=event.utterance_id, **self._origin),
            AgentTurnStartedEvent(
                utterance_id=event.utterance_id, session_id=self.session.session_id
            ),
        )

    def _finished(self, event: UtteranceFinished) -> None:
        utterance = self._speech.utterance(event.utterance_id) if self._speech else None
        text = utterance.script.text if utterance else ""
        heard_text = utterance.script.heard(event.heard_s) if utterance else ""
        self._metrics.add("agent.heard.s", event.heard_s)
        if event.interrupted:
            self._metrics.add("agent.interruptions")
        self._events.send(
            AvatarPlaybackFinishedEvent(
                utterance_id=event.utterance_id,
                heard_s=event.heard_s,
                sent_s=event.sent_s,
                interrupted=event.interrupted,
                reason=event.reason,
                **self._origin,
            ),
            AgentTurnEndedEvent(
                session_id=self.session.session_id,
                utterance_id=event.utterance_id,
                interrupted=event.interrupted,
                heard_s=event.heard_s,
                sent_s=event.sent_s,
                text=text,
                heard_text=heard_text if event.interrupted else text,
            ),
        )

    def _record(self, name: str, value: float) -> None:
        self._metrics.record(name, value, provider=self.session.provider_name)

    @property
    def _origin(self) -> dict[str, Any]:
        return {
            "session_id": self.session.session_id,
            "provider_name": self.session.provider_name,
        }


def _counts(report: SyncReport, before: SyncReport | None) -> list[tuple[str, float, float]]:
    """What a report counts since the engine began, as metrics, with the count before."""

    def pair(name: str, *fields: str) -> tuple[str, float, float]:
        total = sum(getattr(report, field) for field in fields)
        return name, total, sum(getattr(before, field) for field in fields) if before else 0

    silence = pair("avatar.audio.inserted_silence.s", "inserted_silence_s")
    ran_dry = float(silence[1] > silence[2])  # in this report's second, once or more often
    return [
        silence,
        ("avatar.audio.underruns", ran_dry, 0),
        pair("avatar.video.frames.dropped", "dropped", "thinned"),
        pair("avatar.video.frames.repeated", "repeated"),
        pair("avatar.video.frames.late", "late"),
    ]
