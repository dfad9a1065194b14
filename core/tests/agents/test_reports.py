"""Lip-sync numbers become events and metrics, whatever the avatar."""

from __future__ import annotations

import dataclasses
import importlib
from pathlib import Path

import pytest

from vision_agents.core.agents.reports import Reports
from vision_agents.core.agents.speech import Speech
from vision_agents.core.edge.loopback import LoopbackEdge
from vision_agents.core.events import BaseEvent, EventManager
from vision_agents.core.events.avatar import AvatarRecoveredEvent, AvatarSyncReportEvent
from vision_agents.core.media.audio_stream import AudioOutputStream
from vision_agents.core.metrics import MetricsCollector
from vision_agents.core.plugin import Observers, SessionInfo
from vision_agents.core.sync.report import SyncReport
from vision_agents.core.testing.discovery import (
    entry_points_in,
    importable,
    write_distribution,
)


class Stream(AudioOutputStream):
    """A stream whose reports a test makes."""

    def on_report(self, callback):  # type: ignore[no-untyped-def]
        self.report = callback
        return lambda: None


REPORT = SyncReport(
    at_s=1.0, offset_ms_p50=-4.0, offset_ms_p95=9.0, depth_s=0.08, delay_s=0.04, jitter_s=0.0
)


async def test_sync_reports_become_events_and_metrics() -> None:
    events, metrics, seen = EventManager(), MetricsCollector(), list[AvatarSyncReportEvent]()

    @events.subscribe
    async def keep(event: AvatarSyncReportEvent) -> None:
        seen.append(event)

    session = SessionInfo(session_id="s", provider_name="mine")
    reports = Reports(events, metrics, Observers(()), None, session)
    speech = Speech(read_by_avatar=True)
    speech.output = stream = Stream()
    reports.follow(speech)
    stream.report(dataclasses.replace(REPORT, shown=30, dropped=2, thinned=1))
    stream.report(
        dataclasses.replace(REPORT, shown=60, dropped=2, thinned=4, inserted_silence_s=0.2)
    )
    stream.report(dataclasses.replace(REPORT, shown=60, dropped=2, thinned=4, late=1))
    await events.wait()
    assert [event.report.shown for event in seen] == [30, 60, 60]
    assert {(event.session_id, event.provider_name) for event in seen} == {("s", "mine")}
    flat = metrics.to_dict()
    assert flat["avatar_av_offset_ms__avg"] == -4.0
    assert metrics.summary("avatar.av_offset.ms").count == 2  # no picture, no offset
    assert flat["avatar_depth_ms__avg"] == pytest.approx(80)
    assert flat["avatar_video_frames_dropped__total"] == 6
    assert flat["avatar_video_frames_late__total"] == 1
    assert flat["avatar_audio_underruns__total"] == 1


OBSERVER = """
    from vision_agents.core.plugin import hookimpl

    seen = []

    @hookimpl
    def vision_agents_avatar_event(session, event):
        seen.append((session.provider_name, event.type))
        raise RuntimeError("an observer's fault")
"""


def test_events_go_to_the_edge_and_avatars_to_the_observers(tmp_path: Path) -> None:
    """The same records everywhere; an observer that raises holds nobody up."""

    class Watching(LoopbackEdge):
        def observe(self, event: BaseEvent) -> None:
            watched.append(event)

    watched: list[BaseEvent] = []
    write_distribution(
        tmp_path,
        "watcher",
        entry_points={"vision_agents.hooks": {"watcher": "the_watcher"}},
        modules={"the_watcher": OBSERVER},
    )
    session = SessionInfo(session_id="s", provider_name="mine")
    with importable(tmp_path):
        observers = Observers(entry_points_in(tmp_path))
        reports = Reports(EventManager(), MetricsCollector(), observers, Watching(), session)
        events = [
            AvatarRecoveredEvent(degraded_s=1.0),
            BaseEvent(),
            AvatarRecoveredEvent(degraded_s=2),
        ]
        for event in events:
            reports.forward(event)
        seen = importlib.import_module("the_watcher").seen
    assert watched == events
    assert seen == [("mine", "plugin.avatar.recovered")] * 2
