"""The equalizer under the kit that every avatar is held to, in virtual time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import ClassVar

import pytest

from vision_agents.core.testing.conformance import AvatarConformance, Bench

equalizer_avatar = pytest.importorskip(
    "equalizer_avatar", reason="not installed: pip install ./examples/equalizer_avatar"
)


class TestEqualizer(AvatarConformance):
    provider = "equalizer_avatar.hooks"
    tier = "pure"
    waived: ClassVar = {
        "test_picture_order": "it draws bars, which no detector reads a number from",
        "test_sync": "it draws bars and no flashes; its pictures share the sound's own time",
    }

    @asynccontextmanager
    async def bench(self) -> AsyncIterator[Bench]:
        yield Bench(make=lambda: equalizer_avatar.EqualizerAvatar(width=128, height=72))
