"""In a recorded file the picture stands where its sound is, to a picture's length."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from vision_agents.core import Agent
from vision_agents.core.edge.recorder import RecorderEdge
from vision_agents.core.media.pcm import PcmData
from vision_agents.core.plugin import Observers
from vision_agents.core.testing.parts import PassthroughAvatar

RATE_HZ = 24_000
PERIOD_S = 0.5
BURST_S = 0.2


async def bursts(count: int) -> AsyncIterator[PcmData]:
    """A quiet hum that never stops, and a loud burst at the start of every half second."""
    t = np.arange(round(RATE_HZ * PERIOD_S)) / RATE_HZ
    wave = np.sin(2 * np.pi * 330 * t) * np.where(t < BURST_S, 12_000, 200)
    for _ in range(count):
        yield PcmData.from_numpy(wave.astype(np.int16), RATE_HZ)


def onsets_of_sound(path: Path) -> list[float]:
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=0))
    start = frames[0].time or 0.0
    sound = np.concatenate([frame.to_ndarray().mean(axis=0) for frame in frames])
    rate = frames[0].sample_rate
    block = rate // 500
    level = np.abs(sound[: len(sound) // block * block]).reshape(-1, block).max(axis=1)
    loud = level > 0.15
    rising = np.flatnonzero(loud[1:] & ~loud[:-1]) + 1
    return [start + at * block / rate for at in rising if not loud[max(0, at - 50) : at].any()]


def onsets_of_light(path: Path) -> list[float]:
    with av.open(str(path)) as container:
        shown = [
            (frame.time or 0.0, float(frame.to_ndarray(format="gray").mean()) > 80)
            for frame in container.decode(video=0)
        ]
    return [at for (_, before), (at, now) in pairwise(shown) if now > before]


@pytest.mark.parametrize("name", ["talk.mp4", "talk.webm"])
@pytest.mark.parametrize("fps", [25, 30])
async def test_light_and_sound_begin_together(tmp_path: Path, name: str, fps: int) -> None:
    path = tmp_path / name
    avatar = PassthroughAvatar(fps=fps)
    agent = Agent(edge=RecorderEdge(path), avatar=avatar, observers=Observers(()))
    async with agent.join():
        await agent.play(bursts(8))
    sound, light = onsets_of_sound(path), onsets_of_light(path)
    assert len(sound) == 8
    assert np.diff(sound) == pytest.approx(PERIOD_S, abs=0.01)
    # The avatar lights a picture up by the 20 ms of sound in which the picture begins.
    offsets = [min((at - s for at in light), key=abs) for s in sound[1:]]
    assert np.abs(offsets).max() <= 1 / fps + 0.005
    assert abs(np.median(offsets)) <= 0.5 / fps + 0.005
