"""Start and close, from every state and cancelled at every await."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from vision_agents.core.errors import StateError
from vision_agents.core.media.audio_stream import AudioOutputStream
from vision_agents.core.testing.conformance.awaits import cancel_at, spread
from vision_agents.core.testing.conformance.check import check
from vision_agents.core.testing.conformance.company import CompanyBase
from vision_agents.core.testing.conformance.guard import nothing_left

if TYPE_CHECKING:
    from vision_agents.core.avatars import Avatar
    from vision_agents.core.testing.conformance.bench import Bench

__all__ = ["LifecycleChecks"]

START_LIMIT_S = 30.0
SETTLE_S = 1.0
"""How long a service may take to notice that a session is over."""


class LifecycleChecks(CompanyBase):
    """Nothing is left behind, whatever happens when."""

    most_waits = 60
    """At how many of its awaits a call is cancelled at most; the wire tier tries ten."""

    @check("close() without start(), and again")
    async def test_close_without_start(self, bench: Bench) -> None:
        avatar = self._attached(bench)
        await self.close(avatar)
        await self.close(avatar)

    @check("start, close, close: no task, no session, no socket left", company=True)
    async def test_start_and_close(self, bench: Bench) -> str:
        avatar = self._attached(bench)
        took_s = await self._start(avatar)
        await self.close(avatar)
        await self.close(avatar)
        await self._sessions_closed(bench)
        return f"started in {took_s:.2f} s"

    @check("two close() at once both return", company=True)
    async def test_close_twice_at_once(self, bench: Bench) -> None:
        avatar = self._attached(bench)
        await self._start(avatar)
        async with asyncio.TaskGroup() as group:
            group.create_task(self.close(avatar))
            group.create_task(self.close(avatar))
        await self._sessions_closed(bench)

    @check("close() during start(), at five moments of it")
    async def test_close_during_start(self, bench: Bench) -> None:
        probe = self._attached(bench)
        took_s = await self._start(probe)
        await self.close(probe)
        for share in (0.0, 0.25, 0.5, 0.75, 0.95):
            async with nothing_left(f"close() at {share:.0%} of start()"):
                avatar = self._attached(bench)
                starting = asyncio.create_task(avatar.start(), name="conformance starts")
                await asyncio.sleep(took_s * share)
                await self.close(avatar)
                done, _ = await asyncio.wait({starting}, timeout=self.close_limit_s)
                assert done, f"start() hangs after close() at {share:.0%} of it"
                # It may have won the race, or say that it was closed; but say it.
                error = None if starting.cancelled() else starting.exception()
                assert error is None or isinstance(error, StateError), (
                    f"close() during start() made that raise {type(error).__name__}: {error}; "
                    "raise StateError or CancelledError"
                )
        await self._sessions_closed(bench)

    @check("start() cancelled at every await")
    async def test_cancel_start(self, bench: Bench) -> str:
        probe = self._attached(bench)
        counted = await cancel_at(probe.start, None, limit_s=START_LIMIT_S)
        assert counted.error is None, f"start() failed: {counted.error!r}"
        await self.close(probe)
        for wait in spread(counted.waits, self._most_waits()):
            async with nothing_left(f"start() cancelled at its await no. {wait}"):
                avatar = self._attached(bench)
                end = await cancel_at(avatar.start, wait, limit_s=START_LIMIT_S)
                if end.waits > wait:  # it got that far before it was done
                    assert end.cancelled, (
                        f"start() was cancelled at its await no. {wait} and went on: "
                        f"it ended with {end.error!r}; is a CancelledError swallowed?"
                    )
                await self.close(avatar)
        await self._sessions_closed(bench)
        return f"{counted.waits} awaits"

    @check("close() cancelled at every await, then called again")
    async def test_cancel_close(self, bench: Bench) -> str:
        probe = self._attached(bench)
        await self._start(probe)
        counted = await cancel_at(probe.close, None, limit_s=self.close_limit_s)
        assert counted.error is None, f"close() failed: {counted.error!r}"
        for wait in spread(counted.waits, self._most_waits()):
            async with nothing_left(f"close() cancelled at its await no. {wait}"):
                avatar = self._attached(bench)
                await self._start(avatar)
                await cancel_at(avatar.close, wait, limit_s=self.close_limit_s)
                await self.close(avatar)
        await self._sessions_closed(bench)
        return f"{counted.waits} awaits"

    # ----------------------------------------------------------------------- helpers
    def _most_waits(self) -> int:
        return self.most_waits if self.tier == "pure" else min(10, self.most_waits)

    def _attached(self, bench: Bench) -> Avatar:
        avatar = self.make(bench)
        stream = AudioOutputStream(send_timeout_s=5.0)
        avatar.attach_audio_input(stream)
        avatar.audio_output().playback.follow(stream)
        return avatar

    async def _start(self, avatar: Avatar) -> float:
        began_s = time.monotonic()
        try:
            async with asyncio.timeout(START_LIMIT_S):
                await avatar.start()
        except TimeoutError:
            raise AssertionError(f"start() took more than {START_LIMIT_S:g} s") from None
        return time.monotonic() - began_s

    async def _sessions_closed(self, bench: Bench) -> None:
        """Fail if the service still holds a session, which it would bill."""
        if bench.log is None:
            return
        until_s = time.monotonic() + SETTLE_S
        while bench.log.open_sessions and time.monotonic() < until_s:  # noqa: ASYNC110 - it has no event
            await asyncio.sleep(0.02)
        left = bench.log.open_sessions
        assert not left, f"{len(left)} session(s) still open at the service: {', '.join(left)}"
