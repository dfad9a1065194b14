"""Providers that are broken in one way each, every one under the whole kit.

Not collected by itself: ``test_mutants.py`` runs it and looks at what failed, and why.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, ClassVar, Literal

import av
import pytest
from aiortc import VideoStreamTrack

from vision_agents.core.avatars.provider import (
    EndReason,
    Finished,
    MediaSink,
    ProviderSession,
    SessionEnd,
)
from vision_agents.core.errors import DisconnectedError, ProviderError
from vision_agents.core.media.pcm import PcmData
from vision_agents.core.testing.conformance import AvatarConformance, Bench, overrides
from vision_agents.core.testing.parts import PassthroughAvatar

from .flashing import KEY, FlashAvatar, FlashService, FlashSession, flash_bench

if TYPE_CHECKING:
    from vision_agents.core.testing.provider import MemoryAvatar
    from vision_agents.core.testing.puppet import PuppetEvent

logger = logging.getLogger("mutants")


class Mutant(AvatarConformance):
    """The kit on a broken avatar, or on sessions that are broken."""

    __test__ = False
    tier: ClassVar[Literal["pure", "wire"]] = "pure"
    avatar: ClassVar[type[MemoryAvatar]] = FlashAvatar
    session: ClassVar[type[FlashSession]] = FlashSession

    def bench(self) -> AbstractAsyncContextManager[Bench]:
        return flash_bench(self.avatar, self.session)


class TestLateInterrupt(Mutant):
    __test__ = True

    class session(FlashSession):
        async def interrupt(self, *, utterance: int) -> None:
            await asyncio.sleep(0.7)
            await super().interrupt(utterance=utterance)


class TestLeakingTask(Mutant):
    __test__ = True

    class session(FlashSession):
        def begin(self) -> None:
            super().begin()
            self.beat = asyncio.create_task(asyncio.sleep(1e6), name="heartbeat")


class TestWrongRate(Mutant):
    __test__ = True

    class session(FlashSession):
        async def send(self, pcm: PcmData, *, utterance: int) -> None:
            await super().send(pcm.resample(16_000), utterance=utterance)


class TestDoubleFinish(Mutant):
    __test__ = True

    class session(FlashSession):
        def _tell(self, event: PuppetEvent) -> None:
            super()._tell(event)
            if type(event).__name__ == "Ended":
                self._media.report(Finished(int(event.utterance), None, False))


class TestSwallowedError(Mutant):
    __test__ = True

    class session(FlashSession):
        async def send(self, pcm: PcmData, *, utterance: int) -> None:
            try:
                await super().send(pcm, utterance=utterance)
            except DisconnectedError:
                logger.warning("send failed")

        async def wait_closed(self) -> SessionEnd:
            await asyncio.Event().wait()
            return SessionEnd(EndReason.ENDED)


class TestSecretInLog(Mutant):
    __test__ = True

    class avatar(FlashAvatar):
        async def connect(self, media: MediaSink) -> ProviderSession:
            logger.debug("connecting with %s", {"Authorization": f"Bearer {KEY}"})
            return await super().connect(media)


class TestBlockingCall(Mutant):
    __test__ = True

    class session(FlashSession):
        async def send(self, pcm: PcmData, *, utterance: int) -> None:
            time.sleep(0.15)  # noqa: ASYNC251 - the mutation
            await super().send(pcm, utterance=utterance)


class TestFramesOutOfOrder(Mutant):
    __test__ = True

    class session(FlashSession):
        held: av.VideoFrame | None = None

        def show(self, frame: av.VideoFrame) -> None:
            if self.held is None:
                self.held = frame
            else:
                super().show(frame)
                super().show(self.held)
                self.held = None


class TestCloseHangs(Mutant):
    __test__ = True

    class session(FlashSession):
        async def disconnect(self, reason: EndReason) -> None:
            try:
                await asyncio.Event().wait()
            finally:
                await super().disconnect(reason)


class TestIgnoresCancellation(Mutant):
    __test__ = True

    class avatar(FlashAvatar):
        async def connect(self, media: MediaSink) -> ProviderSession:
            while True:
                try:
                    return await super().connect(media)
                except asyncio.CancelledError:
                    logger.warning("connecting was interrupted, trying again")


class TestNoEnd(Mutant):
    __test__ = True

    class session(FlashSession):
        async def end(self, *, utterance: int) -> None:
            self._puppet.end(str(utterance))  # the service guesses it, and was never told


class TestUnmappedError(Mutant):
    __test__ = True

    class avatar(FlashAvatar):
        async def connect(self, media: MediaSink) -> ProviderSession:
            try:
                return await super().connect(media)
            except ProviderError as exc:
                raise RuntimeError(f"server said {exc.status_code}") from None


class TestForgetsToDisconnect(Mutant):
    __test__ = True

    class session(FlashSession):
        async def disconnect(self, reason: EndReason) -> None:
            if self._player is not None:  # our side is tidy; the service's goes on being billed
                self._player.cancel()
                await asyncio.wait({self._player})


class TestKeepsEverything(Mutant):
    __test__ = True

    class avatar(FlashAvatar):
        history: ClassVar[list[object]] = []

        def __init__(self, service: FlashService) -> None:
            super().__init__(service)
            self.history.append(self)


class TestLeaksInCompany(TestLeakingTask):
    """In real time, where checks run at the same time and the leak is found by none alone."""

    tier = "wire"


class TestSkipsSilently(Mutant):
    __test__ = True
    waived: ClassVar[dict[str, str]] = {"test_sync": " "}

    def test_stall(self, request: pytest.FixtureRequest) -> None:
        """Passes, and says nothing about why it replaces a check."""


class TestReplacesWithReason(Mutant):
    __test__ = True

    @overrides("the stand-in is deaf")
    def test_stall(self, request: pytest.FixtureRequest) -> None:
        """Replaced, and the report says so."""


class TestWaives(Mutant):
    __test__ = True
    waived: ClassVar[dict[str, str]] = {"test_stall": "the service has no such thing"}


class PlainMutant(Mutant):
    """The kit on an avatar that opens no provider sessions."""

    plain: ClassVar[type[PassthroughAvatar]]

    @asynccontextmanager
    async def bench(self) -> AsyncIterator[Bench]:
        yield Bench(make=self.plain)


class TestPlainCloseHangs(PlainMutant):
    __test__ = True

    class plain(PassthroughAvatar):
        async def close(self) -> None:
            try:
                await asyncio.Event().wait()
            finally:
                await super().close()


class TestPlainHoldsSpeech(PlainMutant):
    """Works half a second behind, and does not notice a barge-in."""

    __test__ = True

    class plain(PassthroughAvatar):
        async def _consume(self) -> None:
            behind: asyncio.Queue[tuple[float, PcmData]] = asyncio.Queue()
            async with asyncio.TaskGroup() as group:
                group.create_task(self._follow(behind))
                async for chunk in self.input_audio_stream:
                    if chunk.data is not None:
                        behind.put_nowait((time.monotonic() + 0.5, chunk.data))

        async def _follow(self, behind: asyncio.Queue[tuple[float, PcmData]]) -> None:
            while True:
                due_s, pcm = await behind.get()
                await asyncio.sleep(due_s - time.monotonic())
                await self._show(pcm)
                await self._sync.wait_for_demand()


class TestPlainManyTracks(PlainMutant):
    """Makes a new track whenever it is asked for one."""

    __test__ = True

    class plain(PassthroughAvatar):
        def video_output(self) -> VideoStreamTrack:
            return VideoStreamTrack()
