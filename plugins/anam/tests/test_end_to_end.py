"""An agent's speech through Anam's real SDK to the stand-in and back, as a viewer gets it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from vision_agents.core.testing.figures import (
    Bars,
    CallFigures,
    five_utterances,
    settled_figures,
)
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
@pytest.mark.timeout(200)
async def test_five_utterances_and_three_interrupts(
    record_property: Callable[[str, object], None],
) -> None:
    bars = Bars()
    seen = await settled_figures(measured, bars)
    print(seen)  # noqa: T201 - figures worth reading in the report
    record_property("figures", str(seen))
    assert bars.missed(seen) == []


@pytest.mark.wire
@pytest.mark.timeout(200)
async def test_with_packets_lost_and_late(record_property: Callable[[str, object], None]) -> None:
    # One or two packets that are lost at an end are missing; before a start nothing fills them.
    bars = Bars(length_error_ms=45.0, longest_gap_ms=45.0, offset_p95_ms=80.0)
    seen = await settled_figures(lambda: measured("lossy"), bars)
    print(seen)  # noqa: T201
    record_property("figures", str(seen))
    assert bars.missed(seen) == []
