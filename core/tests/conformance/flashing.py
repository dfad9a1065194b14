"""The in-memory provider as the kit wants it: a log of what it saw, and a face that flashes."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from vision_agents.core.avatars.provider import Capabilities, EndReason, MediaSink
from vision_agents.core.errors import AuthError, BusyError, ProviderError, QuotaError
from vision_agents.core.testing.conformance import Bench, Fault
from vision_agents.core.testing.faults import FaultyService, FaultySession
from vision_agents.core.testing.markers import FlashRenderer
from vision_agents.core.testing.provider import MemoryAvatar
from vision_agents.core.testing.service import ServiceLog

if TYPE_CHECKING:
    import av

    from vision_agents.core.media.pcm import PcmData
    from vision_agents.core.testing.puppet import Draw

SIZE = (96, 64)
KEY = "a-key-nobody-may-see"


@dataclass
class FlashService(FaultyService):
    """A service in memory with a log."""

    log: ServiceLog = field(default_factory=ServiceLog)
    size: tuple[int, int] = SIZE

    session: type[FlashSession] | None = None

    @property
    def draw(self) -> Draw:
        return FlashRenderer(*self.size, self.fps).frame

    def make(self, media: MediaSink) -> FlashSession:
        return (self.session or FlashSession)(self, media)

    def refuse(self, error: ProviderError) -> None:
        """Refuse every session from now on."""
        self.faults.refusals = deque([error] * 100)

    def drop_all(self) -> None:
        """Break every connection."""
        for session in self.sessions:
            if session.alive:
                assert isinstance(session, FaultySession)
                session.drop()

    def slow(self) -> None:
        """Take a second longer to connect."""
        self.connect_s += 1.0

    def stall(self) -> None:
        """The sessions open now fall silent."""
        for session in self.sessions:
            assert isinstance(session, FlashSession)
            session.stalled = True

    def switch(self, name: str) -> None:
        """Switch one of the faults on."""
        setattr(self.faults, name, True)

    def bench(self, make: Any) -> Bench:
        """The kit's bench for avatars on this service."""
        refusals: dict[Fault, ProviderError] = {
            Fault.AUTH: AuthError("the key is wrong", provider="memory", status_code=401),
            Fault.QUOTA: QuotaError("no credits left", provider="memory", status_code=402),
            Fault.BUSY: BusyError("too many sessions", provider="memory", status_code=429),
        }
        switches: dict[Fault, Any] = {
            fault: lambda error=error: self.refuse(error) for fault, error in refusals.items()
        }
        switches |= {
            Fault.HANG: lambda: self.switch("hang_connect"),
            Fault.SLOW: self.slow,
            Fault.DROP: self.drop_all,
            Fault.STALL: self.stall,
            Fault.HANG_DISCONNECT: lambda: self.switch("hang_disconnect"),
        }
        return Bench(
            make=make,
            log=self.log,
            faults=switches,
            secrets=(KEY,),
            source_size=self.size,
            forget=self.sessions.clear,
        )


class FlashSession(FaultySession):
    """A session that logs, and draws what can be measured."""

    def __init__(self, service: FlashService, media: MediaSink) -> None:
        self.stalled = False
        self.name = f"session-{len(service.sessions) + 1}"
        self.log = service.log
        super().__init__(service, media)

    def begin(self) -> None:
        self.log.opened(self.name)
        super().begin()

    async def send(self, pcm: PcmData, *, utterance: int) -> None:
        await super().send(pcm, utterance=utterance)
        rate_hz = self._service.rate_hz
        self.log.speech(self.name, len(pcm), rate_hz, utterance=str(utterance))

    async def end(self, *, utterance: int) -> None:
        await super().end(utterance=utterance)
        self.log.ended(self.name, utterance=str(utterance))

    async def interrupt(self, *, utterance: int) -> None:
        self.log.interrupted(self.name)
        await super().interrupt(utterance=utterance)

    async def disconnect(self, reason: EndReason) -> None:
        alive = self.alive
        try:
            await super().disconnect(reason)
        finally:
            if alive:
                self.log.closed(self.name)

    def show(self, frame: av.VideoFrame) -> None:
        if not self.stalled:
            super().show(frame)

    def sound(self, pcm: PcmData) -> None:
        if not self.stalled:
            super().sound(pcm)


class FlashAvatar(MemoryAvatar):
    """The in-memory avatar with all reports."""

    capabilities = Capabilities(chunk_s=0.2, reports=frozenset({"started", "finished", "cleared"}))


@asynccontextmanager
async def flash_bench(
    avatar: type[MemoryAvatar] = FlashAvatar, session: type[FlashSession] | None = None
) -> AsyncIterator[Bench]:
    """A bench for ``avatar`` on a fresh service whose sessions are of the given kind."""
    service = FlashService(reports=True, session=session)
    yield service.bench(lambda: avatar(service))
