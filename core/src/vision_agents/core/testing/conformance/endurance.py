"""What shows only with time: memory that grows."""

from __future__ import annotations

import gc
import sys
from typing import TYPE_CHECKING, ClassVar

from vision_agents.core.testing.clock import real_monotonic
from vision_agents.core.testing.conformance.check import check
from vision_agents.core.testing.conformance.lifecycle import LifecycleChecks

if TYPE_CHECKING:
    from vision_agents.core.testing.conformance.bench import Bench

__all__ = ["EnduranceChecks"]

WARM_UP = 10


class EnduranceChecks(LifecycleChecks):
    """Cycles of start and close."""

    cycles: ClassVar[int] = 50
    """How often an avatar is started and closed for the check of memory."""
    cycles_budget_s: ClassVar[float] = 12.0
    """Real seconds after which the wire tier stops counting and judges by what it has."""
    blocks_per_cycle: ClassVar[float] = 60.0
    """Python objects that a cycle may leave for good; a leaked avatar leaves thousands."""

    @check("memory does not grow over cycles of start and close")
    async def test_memory(self, bench: Bench) -> str:
        began_s = real_monotonic()
        for _ in range(WARM_UP if self.tier == "pure" else 3):
            await self._cycle(bench)
        before, done = _blocks(bench), 0
        while done < self.cycles:
            await self._cycle(bench)
            done += 1
            if self.tier == "wire" and real_monotonic() - began_s > self.cycles_budget_s:
                break
        grown = (_blocks(bench) - before) / done
        assert grown <= self.blocks_per_cycle, (
            f"each start and close leaves {grown:.0f} Python objects behind ({done} cycles)"
        )
        return f"{max(0.0, grown):.0f} objects a cycle over {done} cycles"

    async def _cycle(self, bench: Bench) -> None:
        avatar = self._attached(bench)
        await self._start(avatar)
        await self.close(avatar)
        await avatar.events.shutdown()


def _blocks(bench: Bench) -> int:
    """Python objects in use, without what the stand-in keeps to be asked about later."""
    if bench.log is not None:
        bench.log.seen.clear()
    if bench.forget is not None:
        bench.forget()
    gc.collect()
    return sys.getallocatedblocks()
