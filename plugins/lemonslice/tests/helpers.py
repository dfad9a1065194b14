"""The stand-in and one session at it, without an avatar around."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

import av

from vision_agents.core.avatars.provider import EndReason, Finished, MediaSink, Started
from vision_agents.core.media import PcmData
from vision_agents.core.metrics import MetricsCollector
from vision_agents.plugins.lemonslice import LemonSliceSettings
from vision_agents.plugins.lemonslice.api import LemonSliceApi
from vision_agents.plugins.lemonslice.guest import LemonSliceGuest
from vision_agents.plugins.lemonslice.sandbox import AGENT_ID, API_KEY, Faults, flashes
from vision_agents.plugins.lemonslice.sandbox.service import SandboxService
from vision_agents.plugins.livekit.connection import LiveKitConnection
from vision_agents.plugins.livekit.session import LiveKitSession

SIZE = (368, 560)
"""The picture that the stand-in draws unless asked for another shape."""


@asynccontextmanager
async def serving(
    faults: Faults | None = None, face: str | None = None
) -> AsyncIterator[SandboxService]:
    """The stand-in, listening."""
    service = SandboxService(flashes, api_key=API_KEY, faults=faults or Faults(), face=face)
    await service.start()
    try:
        yield service
    finally:
        await service.close()


class Service(Protocol):
    """Something that listens, here or in a process of its own."""

    @property
    def url(self) -> str: ...


def settings_for(
    service: Service, connection: LiveKitConnection, **values: Any
) -> LemonSliceSettings:
    """Settings that point at the stand-in."""
    said: dict[str, Any] = {
        "agent_id": AGENT_ID,
        "api_key": API_KEY,
        "base_url": service.url,
        "livekit_url": connection.url,
        "livekit_api_key": connection.api_key,
        "livekit_api_secret": connection.api_secret,
    }
    return LemonSliceSettings.from_env(environ={}, **(said | values))


@dataclass
class Received:
    """What came into the sink."""

    video: list[av.VideoFrame] = field(default_factory=list)
    audio: list[PcmData] = field(default_factory=list)
    reports: list[object] = field(default_factory=list)
    phases: list[str] = field(default_factory=list)
    metrics: MetricsCollector = field(default_factory=MetricsCollector)

    def sink(self) -> MediaSink:
        return MediaSink(
            on_video=self.video.append,
            on_audio=lambda pcm: self.audio.append(pcm),  # type: ignore[arg-type]
            on_report=self.reports.append,
            on_phase=self.phases.append,
        )

    def told(self, kind: type[Started | Finished], utterance: int) -> bool:
        return any(isinstance(r, kind) and r.utterance_id == utterance for r in self.reports)


@asynccontextmanager
async def session_at(
    service: SandboxService,
    connection: LiveKitConnection,
    received: Received,
    picture_timeout_s: float = 10.0,
    **values: Any,
) -> AsyncIterator[LiveKitSession]:
    """An open session; ended as the supervisor would."""
    settings = settings_for(service, connection, **values)
    session = LiveKitSession(connection, "lemonslice", f"room-{id(received):x}", received.sink())
    try:
        await session.join()
        api = LemonSliceApi(settings)
        try:
            session_id = await api.create(await session.invitation())
        except BaseException:
            await api.close()
            raise
        session.guest = LemonSliceGuest(
            api, session_id, idle_timeout=settings.idle_timeout, metrics=received.metrics
        )
        await session.wait_for_avatar()
        await session.wait_for_picture(timeout_s=picture_timeout_s)
        yield session
    finally:
        await session.disconnect(EndReason.CLOSED)


async def until(reached: Callable[[], object], within_s: float = 10.0) -> float:
    """Wait until it is so; how long it took."""
    begun_s = time.monotonic()
    while not reached():
        if time.monotonic() - begun_s > within_s:
            raise TimeoutError(f"not within {within_s} s")
        await asyncio.sleep(0.01)
    return time.monotonic() - begun_s
