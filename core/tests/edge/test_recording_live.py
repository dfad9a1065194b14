"""A live recording is the call as it happened: silences, interruptions, and who was late."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from aiortc import VideoStreamTrack

from core.tests.edge.test_recording_sync import PERIOD_S, bursts, onsets_of_light, onsets_of_sound
from vision_agents.core import Agent, User
from vision_agents.core.edge.call import Call
from vision_agents.core.edge.recorder import RecorderEdge
from vision_agents.core.media.audio_stream import AudioOutputChunk, AudioOutputStream
from vision_agents.core.media.frames import blank_frame
from vision_agents.core.media.pcm import PcmData
from vision_agents.core.plugin import Observers
from vision_agents.core.testing.parts import PassthroughAvatar

RATE_HZ = 48_000


def agent_at(edge: RecorderEdge, fps: int = 25) -> Agent:
    return Agent(edge=edge, avatar=PassthroughAvatar(fps=fps), observers=Observers(()))


def sound_of(path: Path) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    with av.open(str(path)) as container:
        pieces = [frame.to_ndarray().mean(axis=0) for frame in container.decode(audio=0)]
    return np.concatenate(pieces)


def times_of_pictures(path: Path) -> list[float]:
    with av.open(str(path)) as container:
        return [frame.time or 0.0 for frame in container.decode(video=0)]


def tone(duration_s: float) -> PcmData:
    wave = 9000 * np.sin(np.arange(round(duration_s * RATE_HZ)) / 20)
    return PcmData.from_numpy(wave.astype(np.int16), RATE_HZ)


@pytest.mark.wire
@pytest.mark.parametrize("name", ["talk.mp4", "talk.webm"])
async def test_light_and_sound_begin_together(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    async with agent_at(RecorderEdge(path, live=True)).join() as agent:
        await agent.play(bursts(8))
    sound, light = onsets_of_sound(path), onsets_of_light(path)
    assert len(sound) == 8
    assert np.diff(sound) == pytest.approx(PERIOD_S, abs=0.01)
    offsets = [min((at - s for at in light), key=abs) for s in sound[1:]]
    assert abs(np.median(offsets)) <= 0.5 / 25 + 0.01
    assert np.percentile(np.abs(offsets), 95) <= 0.06


@pytest.mark.wire
async def test_silence_takes_its_time_and_an_interrupt_is_where_it_was(tmp_path: Path) -> None:
    edge = RecorderEdge(tmp_path / "talk.mp4", live=True)
    async with agent_at(edge).join() as agent:
        await asyncio.sleep(1.0)
        playing = asyncio.create_task(agent.play(bursts(8)))
        await asyncio.sleep(1.3)
        await agent.interrupt()
        cut_s = edge.recorded_s
        await playing
        await asyncio.sleep(0.7)
    sound = sound_of(edge.path)
    loud = np.flatnonzero(np.abs(sound) > 0.002) / RATE_HZ
    assert loud[0] >= 0.9
    assert loud[-1] == pytest.approx(cut_s, abs=0.06)
    assert len(sound) / RATE_HZ == pytest.approx(edge.recorded_s, abs=0.05)
    assert edge.recorded_s >= 2.95


async def test_stops_at_once_while_nothing_is_said_and_before_the_first_picture(
    tmp_path: Path,
) -> None:
    class Never(VideoStreamTrack):
        async def recv(self) -> av.VideoFrame:
            await asyncio.Event().wait()
            raise AssertionError

    edge = RecorderEdge(tmp_path / "talk.mp4", live=True)
    await edge.join(Call(), User())
    await edge.publish(audio=AudioOutputStream(), video=Never())
    async with asyncio.timeout(0.5):
        await edge.close()
        await edge.wait_ended()
    assert not edge.path.exists()


async def test_a_track_that_fails_ends_the_recording_with_its_error(tmp_path: Path) -> None:
    class Broken(VideoStreamTrack):
        shown = 0

        async def recv(self) -> av.VideoFrame:
            self.shown += 1
            if self.shown > 3:
                raise RuntimeError("the camera burns")
            await asyncio.sleep(0.03)
            return blank_frame(64, 48)

    edge = RecorderEdge(tmp_path / "talk.mp4", live=True)
    await edge.join(Call(), User())
    await edge.publish(audio=AudioOutputStream(), video=Broken())
    with pytest.raises(RuntimeError, match="camera burns"):
        await asyncio.wait_for(edge.wait_ended(), 3)
    await edge.close()
    assert len(times_of_pictures(edge.path)) == 3


class Snow(VideoStreamTrack):
    """Large pictures of noise, which no encoder here takes at this rate."""

    fps = 60.0

    def __init__(self) -> None:
        super().__init__()
        noise = np.random.default_rng(1).integers(16, 235, (1620, 1920), np.uint8)
        self._noise = [np.roll(noise, shift) for shift in (0, 777, 7777)]
        self._shown = 0

    async def recv(self) -> av.VideoFrame:
        await asyncio.sleep(1 / self.fps)
        self._shown += 1
        frame = av.VideoFrame.from_numpy_buffer(self._noise[self._shown % 3], format="yuv420p")
        frame.pts, frame.time_base = self._shown, Fraction(1, 60)
        return frame


@pytest.mark.wire
async def test_an_encoder_that_cannot_keep_up_costs_pictures_and_no_sound(tmp_path: Path) -> None:
    async def speech() -> AsyncIterator[AudioOutputChunk]:
        yield AudioOutputChunk(tone(3.0), utterance_id=1)
        yield AudioOutputChunk(final=True, utterance_id=1)

    edge = RecorderEdge(tmp_path / "talk.mp4", live=True)
    stream = AudioOutputStream()
    await edge.join(Call(), User())
    await edge.publish(audio=stream, video=Snow())
    async for chunk in speech():
        await stream.send(chunk)
    await stream.playback.wait_finished(1, timeout_s=10)
    await edge.close()
    assert edge.pictures_dropped > 20
    loud = np.flatnonzero(np.abs(sound_of(edge.path)) > 0.05) / RATE_HZ
    assert loud[-1] - loud[0] == pytest.approx(3.0, abs=0.03)
    assert np.diff(loud).max() < 0.02
