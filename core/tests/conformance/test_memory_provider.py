"""The kit on core's own in-memory provider."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

from vision_agents.core.testing.conformance import AvatarConformance, Bench

from .flashing import flash_bench

NO_PACKAGE = "lives in core's tests and has no entry point"


class TestMemoryProvider(AvatarConformance):
    tier = "pure"

    def bench(self) -> AbstractAsyncContextManager[Bench]:
        return flash_bench()
