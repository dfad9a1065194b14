"""What a provider implements, called directly: one session, without the supervisor around it."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from vision_agents.core.avatars.provider import (
    Cleared,
    EndReason,
    Finished,
    MediaSink,
    ProviderAvatar,
    ProviderSession,
    Started,
)
from vision_agents.core.errors import ProviderError
from vision_agents.core.media.pcm import PcmLike, as_pcm
from vision_agents.core.testing.conformance.awaits import Cancelled, cancel_at, spread
from vision_agents.core.testing.conformance.bench import Bench, Fault
from vision_agents.core.testing.conformance.check import check
from vision_agents.core.testing.conformance.guard import nothing_left
from vision_agents.core.testing.conformance.lifecycle import START_LIMIT_S, LifecycleChecks
from vision_agents.core.testing.markers import picture_number, speech_with_markers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    import av

__all__ = ["SessionChecks"]

LOUD = 104
NOTICE_S = 2.0
"""A broken connection is noticed within this."""
ANSWER_S = 5.0
"""Speech comes back within this, and a session ends."""


@dataclass
class _Sink:
    """Notes what a session gives back."""

    source_size: tuple[int, int] | None
    pts: list[float] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    loud_s: float = 0.0
    last_loud_at_s: float = 0.0
    reports: list[Started | Finished | Cleared] = field(default_factory=list)
    phases: list[str] = field(default_factory=list)

    def media(self) -> MediaSink:
        return MediaSink(
            on_video=self._video,
            on_audio=self._audio,
            on_report=self.reports.append,
            on_phase=self.phases.append,
        )

    def _video(self, frame: av.VideoFrame) -> None:
        if frame.pts is not None and frame.time_base is not None:
            self.pts.append(float(frame.pts * frame.time_base))
        number = picture_number(frame, self.source_size) if self.source_size else None
        if number is not None:
            self.numbers.append(number)

    def _audio(self, data: PcmLike) -> None:
        pcm = as_pcm(data).to_int16()
        if int(np.abs(pcm.samples.astype(np.int32)).max(initial=0)) > LOUD:
            self.loud_s += pcm.duration
            self.last_loud_at_s = time.monotonic()

    def count(self, kind: type, utterance: int) -> int:
        """How often the service told this of an utterance."""
        return sum(isinstance(r, kind) and r.utterance_id == utterance for r in self.reports)


class SessionChecks(LifecycleChecks):
    """``connect`` and the calls of a ``ProviderSession``."""

    @check("connect() cancelled at every await: nothing stays open", sessions=True)
    async def test_cancel_connect(self, bench: Bench) -> str:
        counted = await self._connect(bench, None)
        assert counted.error is None, f"connect() failed: {counted.error!r}"
        for wait in spread(counted.waits, self._most_waits()):
            async with nothing_left(f"connect() cancelled at its await no. {wait}"):
                end = await self._connect(bench, wait)
                if end.waits > wait:
                    assert end.cancelled, (
                        f"connect() was cancelled at its await no. {wait} and ended with "
                        f"{end.error!r}: is a CancelledError swallowed?"
                    )
        await self._sessions_closed(bench)
        return f"{counted.waits} awaits"

    @check(
        "a session speaks: media in order, and the reports it declares, once",
        sessions=True,
        company=True,
    )
    async def test_session_speaks(self, bench: Bench) -> str:
        sink = _Sink(bench.source_size)
        async with self._session(bench, sink) as (avatar, session):
            reports = avatar.capabilities.reports
            await self._speak(avatar, session, 1.0, utterance=1)
            await session.end(utterance=1)
            await self._until(lambda: sink.loud_s >= 0.9, "the speech did not come back")
            if "finished" in reports:
                await self._until(
                    lambda: sink.count(Finished, 1), "Finished is declared and never came"
                )
            await asyncio.sleep(0.3)
            for kind, name in ((Started, "started"), (Finished, "finished")):
                told, expected = sink.count(kind, 1), int(name in reports)
                assert told == expected, (
                    f"{kind.__name__} was reported {told} times for one utterance; "
                    f"capabilities.reports {'has' if expected else 'does not have'} {name!r}"
                )
            back = sum(after < before for before, after in pairwise(sink.pts))
            assert not back, f"{back} pictures came with a pts before the one of their predecessor"
            back = sum(after < before for before, after in pairwise(sink.numbers))
            assert not back, f"{back} pictures came after one that was drawn later"
        await self._sessions_closed(bench)
        return f"{sink.loud_s:.2f} s of 1 s came back"

    @check(
        "a session is interrupted: it stops, and says so where it declares that",
        sessions=True,
        company=True,
    )
    async def test_session_interrupted(self, bench: Bench) -> str:
        sink = _Sink(bench.source_size)
        async with self._session(bench, sink) as (avatar, session):
            await self._speak(avatar, session, 3.0, utterance=1)
            await self._until(lambda: sink.loud_s > 0.3, "the speech did not come back")
            began_s = time.monotonic()
            await session.interrupt(utterance=1)
            told_s = time.monotonic() - began_s
            assert told_s <= 1.0, f"interrupt() took {told_s:.2f} s"
            if "cleared" in avatar.capabilities.reports:
                await self._until(
                    lambda: any(isinstance(report, Cleared) for report in sink.reports),
                    "Cleared is declared and never came",
                )
            await asyncio.sleep(avatar.capabilities.clear_timeout_s + 0.3)
            late_s = max(0.0, sink.last_loud_at_s - began_s)
            assert late_s <= avatar.capabilities.clear_timeout_s, (
                f"old speech came for {late_s:.2f} s after the interrupt, clear_timeout_s is "
                f"{avatar.capabilities.clear_timeout_s:g}"
            )
        return f"media for {late_s * 1e3:.0f} ms"

    @check(
        "disconnect() is bounded, can be repeated, and ends the session",
        sessions=True,
        company=True,
    )
    async def test_disconnect(self, bench: Bench) -> str:
        sink = _Sink(bench.source_size)
        async with self._session(bench, sink) as (_, session):
            began_s = time.monotonic()
            await self._disconnect(session)
            took_s = time.monotonic() - began_s
            await self._disconnect(session)
            await self._sessions_closed(bench)
        return f"{took_s * 1e3:.0f} ms"

    @check(
        "a broken connection is noticed as one", faults=(Fault.DROP,), sessions=True, company=True
    )
    async def test_session_drop(self, bench: Bench) -> str:
        sink = _Sink(bench.source_size)
        async with self._session(bench, sink) as (avatar, session):
            waiting = asyncio.create_task(session.wait_closed(), name="conformance waits")
            await self._speak(avatar, session, 1.0, utterance=1)
            await asyncio.sleep(0.1)
            assert not waiting.done(), f"wait_closed() returned at once: {waiting.result()}"
            began_s = time.monotonic()
            bench.faults[Fault.DROP]()
            done, _ = await asyncio.wait({waiting}, timeout=NOTICE_S)
            if not done:
                waiting.cancel()
                await asyncio.wait({waiting}, timeout=1.0)
            assert done, (
                f"the connection broke and wait_closed() did not return within {NOTICE_S:g} s: "
                "is the error swallowed?"
            )
            end = waiting.result()
            assert end.reason is not EndReason.CLOSED, "a broken connection is told as our own end"
            assert end.retryable, f"a broken connection is told as final: {end}"
            took_s = time.monotonic() - began_s
            try:
                async with asyncio.timeout(NOTICE_S):
                    await self._speak(avatar, session, 0.2, utterance=2)
            except (ProviderError, OSError):
                pass  # says so, or drops it: both will do after wait_closed() has told
            except TimeoutError:
                raise AssertionError("send() hangs on a broken connection") from None
        await self._sessions_closed(bench)
        return f"{took_s * 1e3:.0f} ms ({end})"

    # ----------------------------------------------------------------------- helpers
    @asynccontextmanager
    async def _session(
        self, bench: Bench, sink: _Sink
    ) -> AsyncIterator[tuple[ProviderAvatar, ProviderSession]]:
        avatar = self._provider(bench)
        media = sink.media()
        async with asyncio.timeout(START_LIMIT_S):
            session = await avatar.connect(media)
        try:
            yield avatar, session
        finally:
            await self._disconnect(session)
            media.close()
            await self.close(avatar)

    def _provider(self, bench: Bench) -> ProviderAvatar:
        avatar = self.make(bench)
        assert isinstance(avatar, ProviderAvatar)
        return avatar

    async def _connect(self, bench: Bench, wait: int | None) -> Cancelled:
        """Open a session, cancelled at one of its waits; what was opened all the same is ended."""
        avatar, sink = self._provider(bench), _Sink(bench.source_size)
        opened: list[ProviderSession] = []

        async def connect() -> None:
            opened.append(await avatar.connect(sink.media()))

        limit_s = START_LIMIT_S if wait is None else self.close_limit_s
        end = await cancel_at(connect, wait, limit_s=limit_s)
        for session in opened:
            await self._disconnect(session)
        return end

    async def _disconnect(self, session: ProviderSession) -> None:
        try:
            async with asyncio.timeout(ANSWER_S):
                await session.disconnect(EndReason.CLOSED)
        except TimeoutError:
            raise AssertionError(f"disconnect() did not return within {ANSWER_S:g} s") from None

    async def _speak(
        self, avatar: ProviderAvatar, session: ProviderSession, seconds: float, *, utterance: int
    ) -> None:
        """Send speech as the supervisor would: at the declared rate, layout and chunk length."""
        has = avatar.capabilities
        speech = speech_with_markers(seconds, has.sample_rate_hz, utterance=utterance)
        speech = speech.resample(has.sample_rate_hz, has.channels)
        for piece in speech.chunks(round(has.chunk_s * has.sample_rate_hz)):
            await session.send(piece, utterance=utterance)
            if has.max_lead_s is not None:
                await asyncio.sleep(piece.duration)

    async def _until(self, true: Callable[[], object], complaint: str) -> None:
        until_s = time.monotonic() + ANSWER_S
        while not true():
            assert time.monotonic() < until_s, f"{complaint} within {ANSWER_S:g} s"
            await asyncio.sleep(0.02)
