"""The A/V offset that Chromium shows and plays, against a control pair in the same page.

The control pair is flash and beep put directly on two aiortc tracks: what it shows is the offset
of aiortc, the network and the browser; what ours shows beyond that is our doing. 360p, since two
cores must send and show both at once.
"""

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

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

SIZE = {"width": 640, "height": 360}
NOTICEABLE_MS = 45
"""Sound this much early begins to be noticed (ITU-R BT.1359-1); late, 125 ms."""


@pytest.mark.parametrize(
    ("codec", "settle_s", "record_s"),
    [
        ("VP8", 6, 8),
        # Chromium's jitter buffers move for 15 to 20 s after the start.
        pytest.param("VP8", 20, 30, marks=pytest.mark.proof),
        pytest.param("H264", 20, 30, marks=pytest.mark.proof),
    ],
)
async def test_ours_is_as_good_as_bare_tracks(
    open_edge: OpenEdge,
    figure: Callable[[str], None],
    codec: str,
    settle_s: float,
    record_s: float,
) -> None:
    edge = await open_edge(codec=codec)
    async with chromium() as browser, talking(edge, **SIZE):
        page = await WatchedPage.open(browser, edge.url)
        await page.words("Connected")
        await page.say("Go on")
        async with ControlPair(page.page, time.monotonic(), **SIZE):
            await asyncio.sleep(settle_s)
            ours, control = await asyncio.gather(
                page.record(record_s), page.record(record_s, video="#control")
            )
            plotted = await page.page.inner_text("#offset-now")
        await page.close()
    figure(
        f"A/V offset, {codec}, {settle_s:g} s after the start, sound late is positive: "
        f"ours {spread(ours)}; control pair {spread(control)}; the page says {plotted}"
    )
    assert abs(np.median(ours.offsets_ms()) - np.median(control.offsets_ms())) <= NOTICEABLE_MS


def spread(recording: Recording) -> str:
    low, middle, high = np.percentile(recording.offsets_ms(), [5, 50, 95])
    return f"{middle:+.0f} ms ({low:+.0f} to {high:+.0f}) at {recording.fps:.1f} fps"
