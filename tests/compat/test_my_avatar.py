"""The documentation's example beside the real getstream package, whose PCM users hand to us."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from importlib.metadata import version
from typing import TYPE_CHECKING, cast

import av
import numpy as np
import pytest
from getstream.video.rtc.track_util import PcmData as TheirPcmData

from tests.compat.my_avatar import MyAvatar
from vision_agents.core import Agent
from vision_agents.core.agents.inference import AudioOutputChunk, AudioOutputStream
from vision_agents.core.edge.loopback import LoopbackEdge

if TYPE_CHECKING:
    from numpy.typing import NDArray

RATE_HZ = 48_000
WIDTH, HEIGHT = 320, 180


class Echo(MyAvatar):
    """The example with its last line written out: what it hears comes back, with a grey picture."""

    async def _consume(self, stream: AudioOutputStream) -> None:
        async for chunk in stream:
            if chunk.data is None:
                continue
            await self._sync.write_video(grey_frame())
            await self._sync.write_audio(chunk.data)


def grey_frame() -> av.VideoFrame:
    picture = np.full((HEIGHT * 3 // 2, WIDTH), 128, np.uint8)
    return av.VideoFrame.from_ndarray(picture, format="yuv420p")


def tone(duration_s: float, rate_hz: int = RATE_HZ) -> NDArray[np.int16]:
    t = np.arange(int(duration_s * rate_hz)) / rate_hz
    return (8000 * np.sin(2 * np.pi * 440 * t)).astype(np.int16)


def theirs(samples: NDArray[np.int16], rate_hz: int = RATE_HZ) -> TheirPcmData:
    return TheirPcmData(sample_rate=rate_hz, format="s16", samples=samples)


@pytest.fixture
async def echo() -> AsyncIterator[Echo]:
    avatar = Echo(width=WIDTH, height=HEIGHT)
    avatar.attach_audio_input(AudioOutputStream())
    await avatar.start()
    yield avatar
    await avatar.close()


def test_the_environment_is_theirs() -> None:
    """The versions getstream 7.0 pins are older than ours; core admits them."""
    assert version("getstream").startswith("7.0")
    assert version("aiortc").startswith("1.14")
    assert version("av").startswith("16.1")
    assert version("numpy").startswith("2.2")


async def test_the_example_lives_from_start_to_close() -> None:
    avatar = MyAvatar()
    assert avatar.provider_name == "my_avatar"
    track = avatar.video_output()
    with pytest.raises(ValueError, match="attach_audio_input"):
        _ = avatar.input_audio_stream
    stream = AudioOutputStream()
    avatar.attach_audio_input(stream)
    await avatar.start()
    await stream.send(AudioOutputChunk(data=theirs(tone(0.1)), final=True))
    await wait_read(stream)
    assert avatar.video_output() is track
    await avatar.close()
    await avatar.close()


async def test_the_example_without_a_loop_can_be_built() -> None:
    avatar = await asyncio.to_thread(MyAvatar)
    await avatar.close()


async def test_their_pcm_goes_in_and_comes_out_of_the_synchroniser(echo: Echo) -> None:
    sent = tone(0.4)
    await echo.input_audio_stream.send(AudioOutputChunk(data=theirs(sent), final=True))
    heard = await pull(echo.audio_output(), seconds=0.8)
    assert_holds(heard, sent)


async def test_a_flush_reaches_a_loop_that_reads_chunk_data(echo: Echo) -> None:
    """The example's loop reads ``chunk.data`` of everything: a barge-in must not end it."""
    stream = echo.input_audio_stream
    await stream.send(AudioOutputChunk(data=theirs(tone(0.2))))
    await stream.flush()
    await echo.audio_output().flush()
    sent = tone(0.3)
    await stream.send(AudioOutputChunk(data=theirs(sent), final=True))
    heard = await pull(echo.audio_output(), seconds=0.8)
    assert_holds(heard, sent)


async def test_the_published_track_shows_what_was_written(echo: Echo) -> None:
    await echo.input_audio_stream.send(AudioOutputChunk(data=theirs(tone(0.5)), final=True))
    track = echo.video_output()
    pulling = asyncio.create_task(pull(echo.audio_output(), seconds=0.5))
    frames = [cast("av.VideoFrame", await track.recv()) for _ in range(10)]
    await pulling
    assert all((frame.width, frame.height) == (WIDTH, HEIGHT) for frame in frames)
    assert frames[-1].to_ndarray(format="gray").mean() == pytest.approx(128, abs=12)


async def test_an_agent_speaks_through_the_example() -> None:
    """Their PCM in, the avatar's sound and picture out, by way of the whole path."""
    edge = LoopbackEdge()
    agent = Agent(edge=edge, avatar=Echo(width=WIDTH, height=HEIGHT))
    sent = tone(0.5)
    async with agent.join():
        spoken = await agent.play(recording(sent))
    assert not spoken.interrupted
    heard = np.concatenate([pcm.samples for pcm in edge.heard])
    assert_holds(heard, sent)
    assert edge.pictures > 5


async def recording(samples: NDArray[np.int16]) -> AsyncIterator[TheirPcmData]:
    for start in range(0, len(samples), 4800):
        yield theirs(samples[start : start + 4800])


async def wait_read(stream: AudioOutputStream) -> None:
    """Return when the avatar has taken everything out of its input."""
    for _ in range(100):
        if stream.empty():
            return
        await asyncio.sleep(0.01)
    pytest.fail("the avatar does not read its input")


async def pull(stream: AudioOutputStream, *, seconds: float) -> NDArray[np.int16]:
    """Listen in real time, 20 ms at a time, as an edge does."""
    samples = RATE_HZ // 50
    heard = []
    for _ in range(int(seconds * 50)):
        await asyncio.sleep(0.02)
        heard.append(stream.pull(samples, RATE_HZ, time.monotonic()).samples)
    return np.concatenate(heard)


def assert_holds(heard: NDArray[np.int16], sent: NDArray[np.int16]) -> None:
    """What was sent stands in what was heard, whole and once, after some silence."""
    loud = np.flatnonzero(np.abs(heard) > 500)
    assert loud.size, "nothing but silence was heard"
    spoken = heard[loud[0] : loud[-1] + 1]
    assert len(spoken) == pytest.approx(len(sent), abs=RATE_HZ // 100)
    level = np.abs(spoken.astype(float)).mean() / np.abs(sent.astype(float)).mean()
    assert level == pytest.approx(1, abs=0.05)
