"""The whole path with real parts: Agent, embedded voice and face, web edge, Chromium."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

import numpy as np
import pytest

from plugins.web.tests.browser import WatchedPage, chromium
from vision_agents.core import Agent
from vision_agents.core.edge import Interrupt, Say
from vision_agents.core.media.pcm import PcmData
from vision_agents.core.media.resample import Resampler
from vision_agents.core.tts import SpeechChunk
from vision_agents.plugins.local.tts import LocalTTS
from vision_agents.plugins.web import WebEdge

if TYPE_CHECKING:
    from numpy.typing import NDArray

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

TEXT = (
    "Peter Piper picked a peck of pickled peppers. My mother may move the moon, "
    "and oh, how wide it opens now. Papa and Mama walk along the water."
)


async def test_the_page_plays_the_sentence_and_the_mouth_moves_with_it(
    figure: Callable[[str], None],
) -> None:
    edge, voice = WebEdge(port=0), RememberingVoice()
    agent = Agent(edge=edge, avatar="local", tts=voice)
    async with agent.join(), chromium() as browser:
        page = await WatchedPage.open(browser, edge.url)
        await page.sees_a_picture()
        serving = asyncio.create_task(obey(agent, edge))
        await asyncio.sleep(3)
        await page.say(f"{TEXT} {TEXT}")
        recording = await page.record(8)
        await page.page.locator("#speaking").wait_for(timeout=1000)
        pressed = asyncio.create_task(page.record(2))
        await asyncio.sleep(0.5)
        pressed_ms = await page.interrupt("Escape")
        silent_ms = (await pressed).last_loud_ms() - pressed_ms
        await page.close()
        serving.cancel()
        await asyncio.wait([serving])
    likeness = recording.likeness(voice.spoken())
    follows, lag_ms = recording.mouth_follows(face=True)
    figure(
        f"local avatar: {recording.fps:.1f} fps of {recording.size}; likeness to the voice "
        f"{likeness:.3f}; mouth follows {follows:+.2f} at {lag_ms:+.0f} ms; "
        f"interrupt to silence {silent_ms:.0f} ms"
    )
    assert recording.size == (1280, 720)
    assert recording.fps > 20
    assert likeness > 0.8
    assert follows > 0.3
    assert silent_ms < 300


class RememberingVoice(LocalTTS):
    """The embedded voice, and what it has said, at the browser's rate."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[PcmData] = []

    async def synthesize(self, text: str) -> AsyncIterator[SpeechChunk]:
        resampler = Resampler(48_000)
        async for chunk in super().synthesize(text):
            self._pieces.append(resampler.push(chunk.data))
            yield chunk
        self._pieces.append(resampler.drain())

    def spoken(self) -> NDArray[np.int16]:
        return np.concatenate([np.asarray(one.samples) for one in self._pieces if not one.empty])


async def obey(agent: Agent, edge: WebEdge) -> None:
    """Do what the page asks for."""
    async with asyncio.TaskGroup() as speaking:
        async for command in edge.commands():
            match command:
                case Say(text=text):
                    speaking.create_task(agent.say(text))
                case Interrupt():
                    await agent.interrupt()
