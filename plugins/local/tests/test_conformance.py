"""The embedded avatar under the kit that every avatar is held to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import ClassVar

from vision_agents.core.testing.conformance import AvatarConformance, Bench
from vision_agents.plugins.local import LocalAvatar


class TestLocalAvatar(AvatarConformance):
    """No service is behind it, so the checks about sessions do not concern it."""

    provider = "vision_agents.plugins.local.hooks"
    tier = "pure"
    waived: ClassVar = {
        "test_picture_order": "it draws a face, which no detector reads a number from",
        "test_sync": "it draws a face and no flashes; test_lipsync.py measures the mouth",
    }

    @asynccontextmanager
    async def bench(self) -> AsyncIterator[Bench]:
        yield Bench(make=lambda: LocalAvatar(320, 180))
