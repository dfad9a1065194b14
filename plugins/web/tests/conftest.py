"""Edges on free ports of this machine, with a face and a voice to show."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest

from plugins.web.tests.media import PACKET, RATE_HZ, ControlVideo, sound
from vision_agents.core.agents.user import User
from vision_agents.core.edge.call import Call
from vision_agents.core.media.audio_stream import AudioOutputChunk, AudioOutputStream
from vision_agents.core.media.pcm import PcmData
from vision_agents.plugins.web import WebEdge

OpenEdge = Callable[..., Awaitable[WebEdge]]


@pytest.fixture
async def open_edge() -> AsyncIterator[OpenEdge]:
    """A function that makes an edge and joins; ``media=True`` also publishes."""
    async with AsyncExitStack() as stack:

        async def make(*, media: bool = False, **settings: Any) -> WebEdge:
            edge = WebEdge(**{"port": 0} | settings)
            stack.push_async_callback(edge.close)
            await edge.join(Call(), User(name="Nova"))
            if media:
                stream = await stack.enter_async_context(speaking())
                video = ControlVideo(time.monotonic(), width=320, height=240)
                await edge.publish(audio=stream, video=video)
            return edge

        yield make


@asynccontextmanager
async def speaking() -> AsyncIterator[AudioOutputStream]:
    """A stream that always has half a second of the voice in it."""
    stream = AudioOutputStream(max_buffered_s=0.5)
    feed = asyncio.create_task(_feed(stream))
    try:
        yield stream
    finally:
        feed.cancel()
        await asyncio.wait([feed])
        stream.close()


async def _feed(stream: AudioOutputStream) -> None:
    first = 0
    while True:
        pcm = PcmData.from_numpy(sound(first, PACKET), sample_rate=RATE_HZ)
        await stream.send(AudioOutputChunk(data=pcm))
        first += PACKET
