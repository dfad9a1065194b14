"""The in-memory service with every known fault as a switch.

``FaultyService()`` behaves until a switch is set: before the call, or in the middle of it. The
names of :class:`Faults` are what services were seen to do.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from vision_agents.core.avatars.provider import EndReason, MediaSink, SessionEnd
from vision_agents.core.errors import DisconnectedError, ProviderError
from vision_agents.core.sync.utterances import Cleared
from vision_agents.core.testing.provider import MemoryService, MemorySession
from vision_agents.core.testing.puppet import Puppet, Step

if TYPE_CHECKING:
    import av

    from vision_agents.core.media.pcm import PcmData

__all__ = ["Faults", "FaultyService", "FaultySession"]


@dataclass
class Faults:
    """Switches; each may be changed at any time and takes effect at once."""

    refusals: deque[ProviderError] = field(default_factory=deque)
    """The next connects are refused with these, one each."""
    hang_connect: bool = False
    """Connecting never ends."""
    no_picture: bool = False
    """The first picture never comes."""
    stall_sound: bool = False
    """Speech stands still and no sound comes; it goes on from there when switched off."""
    stall_picture: bool = False
    """No picture comes any more."""
    comfort_silence: bool = False
    """While speech is stalled, silence comes in its place."""
    hang_send: bool = False
    """A send never returns."""
    hang_interrupt: bool = False
    """An interrupt never returns."""
    hang_disconnect: bool = False
    """Ending the session never returns."""
    lose_end: bool = False
    """The end mark of an utterance is lost on the way."""
    late_s: float = 0.0
    """After an interrupt the old utterance goes on for this long."""
    silent_cap_s: float | None = None
    """After this long the session falls silent and says nothing."""
    loud_cap_s: float | None = None
    """After this long the service ends the session and says so."""


@dataclass
class FaultyService(MemoryService):
    """A :class:`MemoryService` that fails as its ``faults`` say."""

    faults: Faults = field(default_factory=Faults)

    @property
    def current(self) -> FaultySession:
        """The newest session."""
        session = self.sessions[-1]
        assert isinstance(session, FaultySession)
        return session

    async def open(self, media: MediaSink) -> MemorySession:
        if self.faults.refusals:
            await asyncio.sleep(self.connect_s)
            raise self.faults.refusals.popleft()
        if self.faults.hang_connect:
            media.phase("room")
            await asyncio.Event().wait()
        return await super().open(media)

    def make(self, media: MediaSink) -> MemorySession:
        return FaultySession(self, media)

    def drop(self) -> None:
        """Break the newest session's connection."""
        self.current.drop()


class FaultySession(MemorySession):
    """A session that fails as its service's ``faults`` say."""

    def __init__(self, service: FaultyService, media: MediaSink) -> None:
        super().__init__(service, media)
        self._faults = service.faults
        self._dropped = False
        self._mute = False
        self._late: Puppet | None = None
        self._late_until_s = 0.0
        self._late_utterance = 0

    def drop(self, detail: str = "the connection broke") -> None:
        """The connection breaks, here and now."""
        self._dropped = True
        self.close_from_service(SessionEnd(EndReason.DISCONNECTED, detail))

    async def send(self, pcm: PcmData, *, utterance: int) -> None:
        if self._faults.hang_send:
            await asyncio.Event().wait()
        if self._dropped:
            raise DisconnectedError("the socket is closed", provider="memory")
        await super().send(pcm, utterance=utterance)

    async def end(self, *, utterance: int) -> None:
        if self._faults.lose_end:
            self._note("end", utterance)
        else:
            await super().end(utterance=utterance)

    async def interrupt(self, *, utterance: int) -> None:
        if self._faults.hang_interrupt:
            await asyncio.Event().wait()
        if not self._faults.late_s:
            await super().interrupt(utterance=utterance)
            return
        self._note("interrupt", utterance)
        self._late, self._puppet = self._puppet, self._service.puppet()
        self._late_until_s = time.monotonic() + self._faults.late_s
        self._late_utterance = utterance

    async def disconnect(self, reason: EndReason) -> None:
        if self._faults.hang_disconnect:
            try:
                await asyncio.Event().wait()
            finally:
                await super().disconnect(reason)
        await super().disconnect(reason)

    def show(self, frame: av.VideoFrame) -> None:
        if not (self._faults.no_picture or self._faults.stall_picture or self._gone()):
            super().show(frame)

    def sound(self, pcm: PcmData) -> None:
        if not (self._gone() or self._mute):
            super().sound(pcm)

    def step(self) -> Step:
        self._mute = self._faults.stall_sound and not self._faults.comfort_silence
        if not self._faults.stall_sound:
            return self._late_step() or super().step()
        samples = np.zeros(self._service.rate_hz // self._service.fps, np.int16)
        return Step(samples, self._service.draw(samples), ())

    def _late_step(self) -> Step | None:
        """What is still on its way of an utterance that was interrupted."""
        if self._late is None:
            return None
        if time.monotonic() < self._late_until_s:
            return self._late.step()
        self._late = None
        self.report(Cleared(self._late_utterance))
        return None

    def _gone(self) -> bool:
        """Whether nothing comes from it any more."""
        age_s = time.monotonic() - self.opened_at_s
        if self._faults.loud_cap_s is not None and age_s >= self._faults.loud_cap_s:
            self.close_from_service(SessionEnd(EndReason.CAP, "longest session length reached"))
            return True
        silent_cap_s = self._faults.silent_cap_s
        return self._dropped or (silent_cap_s is not None and age_s >= silent_cap_s)
