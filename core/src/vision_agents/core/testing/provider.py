"""A provider in memory: what a provider has to write, and nothing else.

``MemoryAvatar(MemoryService())`` is a whole avatar without an account or a network: speech goes
to a :class:`~vision_agents.core.testing.puppet.Puppet`, which gives it back in real time with a
picture. :mod:`vision_agents.core.testing.faults` makes the same service fail in every known way.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from vision_agents.core.avatars.provider import (
    Capabilities,
    EndReason,
    MediaSink,
    ProviderAvatar,
    ProviderSession,
    SessionEnd,
)
from vision_agents.core.media.pcm import PcmData
from vision_agents.core.sync.utterances import Cleared, Finished, Started
from vision_agents.core.testing.memory import MemoryService
from vision_agents.core.testing.puppet import Began, Ended, PuppetEvent

if TYPE_CHECKING:
    import av

    from vision_agents.core.testing.puppet import Step

__all__ = ["MemoryAvatar", "MemoryService", "MemorySession"]

PACKET_S = 0.02


class MemorySession(ProviderSession):
    """One session. ``calls`` is everything it was told, with the monotonic time."""

    def __init__(self, service: MemoryService, media: MediaSink) -> None:
        self.limits = service.limits
        self.calls: list[tuple[float, str, Any]] = []
        self.opened_at_s = time.monotonic()
        self.ended_by: EndReason | None = None
        self._service = service
        self._media = media
        self._closed: asyncio.Future[SessionEnd] = asyncio.get_running_loop().create_future()
        self._puppet = service.puppet()
        self._player: asyncio.Task[None] | None = None

    @property
    def alive(self) -> bool:
        """Whether the service holds, and bills, the session."""
        return self._player is not None and self.ended_by is None

    def begin(self) -> None:
        self._player = asyncio.create_task(self._play(), name="memory-session")

    async def send(self, pcm: PcmData, *, utterance: int) -> None:
        self._note("send", (utterance, pcm.duration))
        self._puppet.speak(str(utterance), pcm.samples)

    async def end(self, *, utterance: int) -> None:
        self._note("end", utterance)
        self._puppet.end(str(utterance))

    async def interrupt(self, *, utterance: int) -> None:
        self._note("interrupt", utterance)
        self._puppet.interrupt()
        self.report(Cleared(utterance))

    async def keep_alive(self) -> None:
        self._note("keep_alive", None)

    async def user_speaking(self, speaking: bool) -> None:
        self._note("user_speaking", speaking)

    async def wait_closed(self) -> SessionEnd:
        return await asyncio.shield(self._closed)

    async def disconnect(self, reason: EndReason) -> None:
        if self.ended_by is None:
            self.ended_by = reason
            self._note("disconnect", reason)
        if self._player is not None:
            self._player.cancel()
            await asyncio.wait({self._player})

    def close_from_service(self, end: SessionEnd) -> None:
        """The service ends it, or the connection breaks."""
        if not self._closed.done():
            self._closed.set_result(end)

    # -------------------------------------------------------------------- the service's side
    async def _play(self) -> None:
        due_s = time.monotonic()
        while True:
            step = self.step()
            for event in step.events:
                self._tell(event)
            self.show(step.frame)
            sound = PcmData(self._service.rate_hz, "s16", step.samples)
            for packet in sound.chunks(round(PACKET_S * self._service.rate_hz)):
                self.sound(packet)
                due_s += packet.duration
                await asyncio.sleep(max(0.0, due_s - time.monotonic()))

    def step(self) -> Step:
        """The next picture period."""
        return self._puppet.step()

    def show(self, frame: av.VideoFrame) -> None:
        """A picture leaves the service."""
        self._media.write_video(frame)

    def sound(self, pcm: PcmData) -> None:
        """A packet of sound leaves the service."""
        self._media.write_audio(pcm)

    def report(self, mark: Started | Finished | Cleared) -> None:
        """The service says where playback is, if it is one that does."""
        if self._service.reports:
            self._media.report(mark)

    def _tell(self, event: PuppetEvent) -> None:
        if isinstance(event, Began):
            self.report(Started(int(event.utterance)))
        elif isinstance(event, Ended):
            self.report(Finished(int(event.utterance), event.position_s, event.interrupted))

    def _note(self, what: str, detail: Any) -> None:
        self.calls.append((time.monotonic(), what, detail))


class MemoryAvatar(ProviderAvatar):
    """An avatar on a :class:`MemoryService`."""

    provider_name = "memory"
    capabilities = Capabilities(chunk_s=0.2)

    def __init__(self, service: MemoryService, *, fps: int = 25, **options: Any) -> None:
        width, height = service.size
        super().__init__(width=width, height=height, fps=fps, **options)
        self.service = service

    async def connect(self, media: MediaSink) -> ProviderSession:
        return await self.service.open(media)
