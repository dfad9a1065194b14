"""What is asked of every avatar, asked of Anam's on its stand-in."""

from __future__ import annotations

import urllib.parse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import yarl

from vision_agents.core.testing.conformance import AvatarConformance, Bench, Fault
from vision_agents.core.testing.puppet import flash_draw
from vision_agents.plugins.anam.avatar import AnamAvatar
from vision_agents.plugins.anam.sandbox import AVATAR_ID
from vision_agents.plugins.anam.sandbox.faults import Faults, Refusal
from vision_agents.plugins.anam.sandbox.service import SandboxService

KEY = "a-key-that-nobody-may-read"
SIZE = (320, 240)


def forget(service: SandboxService) -> None:
    """Drop past sessions, and the libraries' caches of their addresses: each is used once."""
    service.sessions.clear()
    service.stops.clear()
    urllib.parse.clear_cache()  # type: ignore[attr-defined]  # not in typeshed
    yarl.cache_clear()


@pytest.mark.wire
class TestAnam(AvatarConformance):
    provider = "vision_agents.plugins.anam.hooks"

    @asynccontextmanager
    async def bench(self) -> AsyncIterator[Bench]:
        faults = Faults()
        async with SandboxService(flash_draw, api_key=KEY, faults=faults) as service:

            def refuse(status: int, error: str) -> None:
                faults.refuse = Refusal(status, f'{{"error": "{error}"}}')

            yield Bench(
                make=lambda: AnamAvatar(
                    avatar_id=AVATAR_ID,
                    api_key=KEY,
                    base_url=service.url,
                    width=SIZE[0],
                    height=SIZE[1],
                ),
                log=service.log,
                faults={
                    Fault.AUTH: lambda: refuse(401, "Unauthorized"),
                    Fault.QUOTA: lambda: refuse(429, "Spend cap reached"),
                    Fault.BUSY: lambda: refuse(503, "No engine available"),
                    Fault.HANG: lambda: setattr(faults, "never_ready", True),
                    Fault.SLOW: lambda: setattr(faults, "ready_delay_s", 1.1),
                    Fault.DROP: service.cut,
                    Fault.STALL: service.freeze,
                    Fault.HANG_DISCONNECT: lambda: setattr(faults, "deaf_at_end", True),
                },
                secrets=(KEY,),
                source_size=SIZE,
                forget=lambda: forget(service),
            )
