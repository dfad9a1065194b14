"""Speech takes its time and ends, whoever watches: nobody, or somebody who leaves in the middle."""

from __future__ import annotations

import asyncio
import time

import pytest

from plugins.web.tests.visitor import Visitor
from vision_agents.core import Agent
from vision_agents.plugins.web import WebEdge

pytestmark = pytest.mark.wire

TEXT = "This sentence is spoken, whether or not anybody listens to it."


@pytest.mark.parametrize("watched", [False, True])
async def test_saying_ends_in_the_time_of_the_speech(watched: bool) -> None:
    edge = WebEdge(port=0)
    agent = Agent(edge=edge, avatar="local", tts="local")
    async with agent.join():
        began_s = time.monotonic()
        saying = asyncio.create_task(agent.say(TEXT))
        if watched:
            async with Visitor(edge.url) as visitor:
                await visitor.call()
                await visitor.pictures(10)
        spoken = await saying
        took_s = time.monotonic() - began_s
    assert not spoken.interrupted
    assert 2 < took_s < 7
