"""The page in a real Chromium: what it shows and plays is what is judged."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest

from plugins.web.tests.browser import WatchedPage, chromium
from plugins.web.tests.conftest import OpenEdge
from plugins.web.tests.media import RATE_HZ, sound
from plugins.web.tests.talker import talking

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]


async def test_the_page_shows_and_plays_what_is_sent(
    open_edge: OpenEdge, figure: Callable[[str], None]
) -> None:
    edge = await open_edge()
    async with chromium() as browser, talking(edge) as talker:
        began_s = time.monotonic()
        page = await WatchedPage.open(browser, edge.url)
        await page.words("Connected to Nova")
        await page.sees_a_picture()
        start_s = time.monotonic() - began_s
        await page.say("Hello there")
        await asyncio.sleep(4)
        recording = await page.record(6)
        text = await page.page.inner_text("#detail")
        await page.close()
    assert talker.speaking
    likeness = recording.likeness(sound(0, 20 * RATE_HZ))
    follows, lag_ms = recording.mouth_follows()
    offsets_ms = sorted(recording.offsets_ms())
    figure(
        f"page to picture {start_s:.2f} s; {recording.fps:.1f} fps of {recording.size}; likeness "
        f"of sound {likeness:.3f}; mouth follows {follows:.3f} at {lag_ms:+.0f} ms; markers "
        f"{[round(float(offset)) for offset in offsets_ms]} ms; {text}"
    )
    assert recording.size == (1280, 720)
    assert recording.fps >= 25
    assert likeness > 0.9
    assert follows > 0.8
    assert len(offsets_ms) >= 4
