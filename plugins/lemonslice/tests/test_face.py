"""The stand-in with a face in place of the flashes: an installed avatar's, lent by name."""

from __future__ import annotations

import asyncio
import itertools

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from plugins.lemonslice.tests.helpers import SIZE, Received, serving, session_at, until
from vision_agents.core.avatars.provider import Finished, Started
from vision_agents.core.errors import PluginError
from vision_agents.core.media import PcmData
from vision_agents.core.media.frames import planes
from vision_agents.core.plugin import Registry
from vision_agents.core.plugin.errors import UnknownPluginError
from vision_agents.plugins.lemonslice.sandbox import sandbox
from vision_agents.plugins.livekit.sandbox import LiveKitServer

RATE_HZ = 16_000


@pytest.fixture
def local_face() -> str:
    """The embedded face, where its package is installed."""
    try:
        return Registry().avatar("local").name
    except UnknownPluginError as error:
        pytest.skip(str(error))


def syllables(duration_s: float) -> PcmData:
    """Something that opens a mouth: a buzz with formants that swells four times a second."""
    t = np.arange(round(duration_s * RATE_HZ)) / RATE_HZ
    buzz = sum(np.sin(2 * np.pi * 130 * k * t) / (1 + abs(k - 6)) for k in range(1, 16))
    swell = 0.55 + 0.45 * np.sin(2 * np.pi * 4 * t)
    return PcmData.from_numpy((5000 * buzz * swell).astype(np.int16), RATE_HZ)


def lower_half(frame: av.VideoFrame) -> NDArray[np.int16]:
    luma = planes(frame)[0]
    return luma[luma.shape[0] // 2 :].astype(np.int16)


def change(frames: list[av.VideoFrame]) -> float:
    """How much the lower half of the picture changes from one to the next."""
    halves = [lower_half(frame) for frame in frames]
    steps = [np.abs(b - a).mean() for a, b in itertools.pairwise(halves)]
    return float(np.mean(steps))


@pytest.mark.wire
@pytest.mark.livekit
async def test_the_embedded_face_speaks_in_the_room(
    livekit_server: LiveKitServer, local_face: str
) -> None:
    received = Received()
    async with (
        serving(face=local_face) as service,
        session_at(service, livekit_server.connection, received) as session,
    ):
        await asyncio.sleep(2)  # the first pictures are thinned and coarse
        first = len(received.video)
        await asyncio.sleep(1)
        still = received.video[first:]
        await session.send(syllables(2.0), utterance=1)
        await session.end(utterance=1)
        await until(lambda: any(np.abs(pcm.samples).max() > 2000 for pcm in received.audio[-5:]))
        first = len(received.video)
        await asyncio.sleep(1.5)
        talking = received.video[first:]
        await until(lambda: received.told(Finished, 1))
        (told,) = [r for r in received.reports if isinstance(r, Finished)]
        # Interrupted, it falls silent.
        await session.send(syllables(5.0), utterance=2)
        await until(lambda: received.told(Started, 2))
        await session.interrupt(utterance=2)
        await until(lambda: received.told(Finished, 2))
        await asyncio.sleep(0.5)
        assert max(int(np.abs(pcm.samples).max()) for pcm in received.audio[-20:]) < 100
    assert (still[0].width, still[0].height) == SIZE
    assert len(talking) > 25
    assert np.ptp(lower_half(still[-1])) > 80  # a picture, not a grey area
    assert change(talking) > 1.5 * change(still)
    assert told.position_s == pytest.approx(2.0, abs=0.05)


async def test_a_face_that_nobody_has_is_told_before_anything_runs() -> None:
    with pytest.raises(PluginError, match="nobody-has-this"):
        async with sandbox(face="nobody-has-this"):
            pytest.fail("it never runs")
