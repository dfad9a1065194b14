"""An agent's speech through Anam's real SDK to the stand-in and back, as a viewer gets it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from vision_agents.core.testing.figures import CallFigures, five_utterances
from vision_agents.core.testing.viewer import MeasuredCall
from vision_agents.plugins.anam.avatar import AnamAvatar
from vision_agents.plugins.anam.sandbox import sandbox

SIZE = (320, 240)
SETTLE_S = 2.0


async def measured(*faults: str) -> CallFigures:
    async with sandbox(faults=faults) as env:
        avatar = AnamAvatar(
            avatar_id=env["ANAM_AVATAR_ID"],
            api_key=env["ANAM_API_KEY"],
            base_url=env["ANAM_API_URL"],
            width=SIZE[0],
            height=SIZE[1],
        )
        async with MeasuredCall(avatar, source_size=SIZE) as call:
            await asyncio.sleep(SETTLE_S)
            return await five_utterances(call)


@pytest.mark.wire
@pytest.mark.timeout(120)
async def test_five_utterances_and_three_interrupts(
    record_property: Callable[[str, object], None],
) -> None:
    seen = await measured()
    print(seen)  # noqa: T201 - a figure that is worth reading in the report
    record_property("figures", str(seen))
    assert seen.markers_missing == ()
    assert seen.length_error_ms <= 20.0
    assert seen.longest_gap_ms <= 20.0
    assert seen.offset_p95_ms <= 45.0
    assert seen.sound_after_interrupt_ms <= 40.0  # 20 ms under way, and the tick that measures


@pytest.mark.wire
@pytest.mark.timeout(120)
async def test_with_packets_lost_and_late(record_property: Callable[[str, object], None]) -> None:
    seen = await measured("lossy")
    print(seen)  # noqa: T201
    record_property("figures", str(seen))
    assert seen.offset_p95_ms <= 80.0
    assert seen.sound_after_interrupt_ms <= 40.0
