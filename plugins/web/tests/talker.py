"""The smallest agent with a face: the test's voice and mouth through the real sync engine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from fractions import Fraction
from typing import TYPE_CHECKING

from plugins.web.tests.media import FPS, RATE_HZ, Painter, sound
from vision_agents.core.avatars import AVSynchronizer
from vision_agents.core.edge import Interrupt, Say
from vision_agents.core.media.pcm import PcmData
from vision_agents.plugins.web import WebEdge

if TYPE_CHECKING:
    from vision_agents.core.edge import Command

SAMPLES = RATE_HZ // FPS


class Talker:
    """Speaks while it has been told to; made by ``talking``."""

    def __init__(self, *, width: int = 1280, height: int = 720) -> None:
        self.sync = AVSynchronizer(width=width, height=height, fps=FPS, shared_timeline=True)
        self.commands: list[Command] = []
        self.speaking = False
        self._painter = Painter(width, height)

    async def generate(self) -> None:
        """Write frame after frame of sound and picture, a little ahead of their playout."""
        number = 0
        while True:
            await self.sync.wait_for_demand(0.1)
            speaking = self.speaking
            frame = self._painter.paint(number, speaking=speaking)
            samples = sound(number * SAMPLES, SAMPLES, speaking=speaking)
            pcm = PcmData.from_numpy(samples, sample_rate=RATE_HZ)
            pcm.pts, pcm.time_base = number * SAMPLES, Fraction(1, RATE_HZ)
            await self.sync.write_audio(pcm)
            await self.sync.write_video(frame)
            number += 1

    async def obey(self, edge: WebEdge) -> None:
        """Do what the pages ask for."""
        async for command in edge.commands():
            self.commands.append(command)
            match command:
                case Say():
                    self.speaking = True
                case Interrupt():
                    self.speaking = False
                    await self.sync.flush()


@asynccontextmanager
async def talking(edge: WebEdge, *, width: int = 1280, height: int = 720) -> AsyncIterator[Talker]:
    """Publish a talker on an edge that has joined; gone at the end, the edge closed before it."""
    talker = Talker(width=width, height=height)
    await edge.publish(audio=talker.sync.audio_output, video=talker.sync.video_output)
    tasks = [asyncio.create_task(talker.generate()), asyncio.create_task(talker.obey(edge))]
    try:
        yield talker
    finally:
        await edge.close()
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        talker.sync.close()
