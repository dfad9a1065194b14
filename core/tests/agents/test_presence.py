"""People come, pause and return: what they then see belongs to what they hear."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import cast

import av
import numpy as np
import pytest

from vision_agents.core import Agent
from vision_agents.core.edge.loopback import LoopbackEdge
from vision_agents.core.media.frames import planes
from vision_agents.core.media.pcm import PcmData
from vision_agents.core.plugin import Observers
from vision_agents.core.testing.clock import virtually
from vision_agents.core.testing.parts import PassthroughAvatar

RATE_HZ = 24_000
PERIOD_S = 0.5


class Watcher:
    """Notes when sound gets loud and when the picture gets bright."""

    def __init__(self) -> None:
        self.loud_s: list[float] = []
        self.bright_s: list[float] = []
        self._loud = self._bright = False

    def hear(self, pcm: PcmData, at_s: float) -> None:
        levels = np.abs(pcm.samples) > 3000
        if levels.any() and not self._loud:
            self.loud_s.append(at_s + int(levels.argmax()) / pcm.sample_rate)
        self._loud = bool(levels.any())

    def see(self, frame: av.VideoFrame, at_s: float) -> None:
        bright = float(planes(frame)[0].mean()) > 80
        if bright and not self._bright:
            self.bright_s.append(at_s)
        self._bright = bright

    def offsets_s(self, after_s: float) -> list[float]:
        """Picture minus sound of each burst that began after ``after_s``."""
        loud = [at for at in self.loud_s if at > after_s]
        return [min((b - at for b in self.bright_s), key=abs) for at in loud]


async def bursts(count: int) -> AsyncIterator[PcmData]:
    t = np.arange(round(RATE_HZ * PERIOD_S)) / RATE_HZ
    wave = np.sin(2 * np.pi * 330 * t) * np.where(t < 0.2, 12_000, 200)
    for _ in range(count):
        yield PcmData.from_numpy(wave.astype(np.int16), RATE_HZ)


@pytest.mark.parametrize("away_s", [0.0, 0.15, 1.0, 7.3])
@virtually
async def test_who_returns_is_in_sync(away_s: float) -> None:
    watcher = Watcher()
    edge = LoopbackEdge(on_audio=watcher.hear, on_video=watcher.see)
    agent = Agent(edge=edge, avatar=PassthroughAvatar(), observers=Observers(()))
    loop = asyncio.get_running_loop()
    async with agent.join():
        began_s = loop.time()
        playing = asyncio.create_task(agent.play(bursts(40)))
        await asyncio.sleep(5.1)
        if away_s:
            edge.leave()
            await asyncio.sleep(away_s)
            edge.enter()
        back_s = loop.time()
        await playing
        # The speech's own 20 s, however long nobody listened.
        assert loop.time() - began_s == pytest.approx(20.0, abs=0.5)
    before = [o for o in watcher.offsets_s(began_s) if o]
    after = watcher.offsets_s(back_s + 1.0)
    assert len(before) > 8
    assert len(after) > 10
    # The avatar's own grid: a picture is as bright as the 20 ms in which it begins.
    assert np.abs(after).max() <= 0.04
    assert abs(cast("float", np.median(after))) <= 0.025


@virtually
async def test_who_comes_late_hears_what_is_said_now() -> None:
    watcher = Watcher()
    edge = LoopbackEdge(present=False, on_audio=watcher.hear, on_video=watcher.see)
    agent = Agent(edge=edge, avatar=PassthroughAvatar(), observers=Observers(()))
    loop = asyncio.get_running_loop()
    async with agent.join():
        playing = asyncio.create_task(agent.play(bursts(20)))
        await asyncio.sleep(4.2)
        came_s = loop.time()
        edge.enter()
        await playing
        assert loop.time() - came_s == pytest.approx(5.8, abs=0.5)
    assert 10 <= len(watcher.loud_s) <= 13
    assert np.abs(watcher.offsets_s(came_s + 1.0)).max() <= 0.04
