"""A service in memory, for the provider that lives there: its settings, and what it has seen."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import av

from vision_agents.core.avatars.provider import Limits, MediaSink
from vision_agents.core.errors import BusyError
from vision_agents.core.testing.puppet import Puppet

if TYPE_CHECKING:
    from vision_agents.core.testing.provider import MemorySession
    from vision_agents.core.testing.puppet import Samples

__all__ = ["MemoryService"]


@dataclass
class MemoryService:
    """The service and what it has seen. ``sessions`` holds all ever opened, in order."""

    rate_hz: int = 24_000
    fps: int = 25
    size: tuple[int, int] = (64, 48)
    connect_s: float = 0.2
    latency_s: float = 0.3
    limits: Limits = field(default_factory=Limits)
    max_sessions: int = 2
    reports: bool = False
    sessions: list[MemorySession] = field(default_factory=list)
    most_alive: int = 0

    @property
    def alive(self) -> int:
        """Sessions that are open now."""
        return sum(session.alive for session in self.sessions)

    async def open(self, media: MediaSink) -> MemorySession:
        """Open a session; what cancellation interrupts leaves nothing."""
        media.phase("room")
        await asyncio.sleep(self.connect_s)
        if self.alive >= self.max_sessions:
            raise BusyError("all sessions of the account are in use", provider="memory")
        session = self.make(media)
        self.sessions.append(session)
        session.begin()
        self.most_alive = max(self.most_alive, self.alive)
        return session

    def make(self, media: MediaSink) -> MemorySession:
        """A session of this service; one with faults makes another kind."""
        # Here, since a session knows its service.
        from vision_agents.core.testing.provider import MemorySession

        return MemorySession(self, media)

    def puppet(self) -> Puppet:
        """What turns the speech of one session into media."""
        return Puppet(self.draw, rate_hz=self.rate_hz, fps=self.fps, latency_s=self.latency_s)

    def draw(self, samples: Samples) -> av.VideoFrame:
        """The picture of one step."""
        del samples
        return av.VideoFrame(*self.size, "yuv420p")
