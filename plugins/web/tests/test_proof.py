"""Minutes long, or figures for people: the A/V offset in Chromium against a control pair."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import numpy as np
import pytest

from plugins.web.tests.browser import ControlPair, WatchedPage, chromium
from plugins.web.tests.conftest import OpenEdge
from plugins.web.tests.judge import Recording
from plugins.web.tests.talker import talking

pytestmark = [pytest.mark.browser, pytest.mark.proof, pytest.mark.timeout(300)]

SETTLE_S = 20
"""Chromium's jitter buffers move for 15 to 20 s after the start."""
RECORD_S = 30


@pytest.mark.parametrize("codec", ["VP8", "H264"])
async def test_offset_against_a_control_pair(
    open_edge: OpenEdge, figure: Callable[[str], None], codec: str
) -> None:
    edge = await open_edge(codec=codec)
    async with chromium() as browser, talking(edge):
        page = await WatchedPage.open(browser, edge.url)
        await page.words("Connected")
        await page.say("Go on")
        async with ControlPair(page.page, time.monotonic()):
            await asyncio.sleep(SETTLE_S)
            ours, control = await asyncio.gather(
                page.record(RECORD_S), page.record(RECORD_S, video="#control")
            )
            plotted = await page.page.inner_text("#offset-now")
        await page.close()
    figure(f"{codec}: ours {_spread(ours)}; control {_spread(control)}; plotted {plotted}")
    assert abs(np.median(ours.offsets_ms()) - np.median(control.offsets_ms())) <= 45


def _spread(recording: Recording) -> str:
    low, middle, high = np.percentile(recording.offsets_ms(), [5, 50, 95])
    return f"{middle:+.0f} ms ({low:+.0f} to {high:+.0f}), {recording.fps:.1f} fps"
