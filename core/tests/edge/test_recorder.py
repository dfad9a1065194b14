"""A recording holds what was said, in step, and plays whatever ended it."""

from __future__ import annotations

import asyncio
import resource
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from vision_agents.core import Agent
from vision_agents.core.agents import AgentState
from vision_agents.core.edge.media_file import MediaFile
from vision_agents.core.edge.recorder import RecorderEdge
from vision_agents.core.edge.safe_file import whole_fragments
from vision_agents.core.errors import ConfigError, MediaError, StateError
from vision_agents.core.media.frames import blank_frame
from vision_agents.core.media.pcm import PcmData
from vision_agents.core.plugin import Observers
from vision_agents.core.testing.parts import PassthroughAvatar, ToneVoice


def make_agent(path: Path, **parts: object) -> Agent:
    parts.setdefault("avatar", PassthroughAvatar())
    parts.setdefault("tts", ToneVoice())
    return Agent(edge=RecorderEdge(path), observers=Observers(()), **parts)  # type: ignore[arg-type]


def sound_of(path: Path) -> tuple[NDArray[np.float64], int]:
    """The file's sound as one array, with its rate."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        pieces = [frame.to_ndarray().mean(axis=0) for frame in container.decode(stream)]
        return np.concatenate(pieces), int(stream.rate)


def pictures_of(path: Path) -> list[tuple[float, float]]:
    """When each picture is shown, and how bright it is."""
    with av.open(str(path)) as container:
        return [
            (float(frame.time), float(frame.to_ndarray(format="gray").mean()))
            for frame in container.decode(video=0)
        ]


def loud_s(path: Path) -> float:
    sound, rate = sound_of(path)
    block = rate // 100
    blocks = sound[: len(sound) // block * block].reshape(-1, block)
    return float((np.abs(blocks).max(axis=1) > 0.05).sum() / 100)


@pytest.mark.parametrize("name", ["talk.mp4", "talk.webm", "TALK.MP4", "talk.m4v"])
async def test_a_recording_holds_what_was_said(tmp_path: Path, name: str) -> None:
    agent = make_agent(tmp_path / name)
    async with agent.join():
        await agent.say("one two three. four five")
        await agent.finish()
    assert loud_s(tmp_path / name) == pytest.approx(1.0, abs=0.06)
    pictures = pictures_of(tmp_path / name)
    assert len(pictures) >= 28
    assert pictures[0][1] > 60  # a face, not the black before it
    steps = np.diff([at_s for at_s, _ in pictures])
    # The first picture also stands through the 21 ms that AAC needs before its first sample.
    assert steps[0] <= 1 / 30 + 0.022
    assert np.allclose(steps[1:], 1 / 30, atol=0.002)


async def test_sound_alone_can_be_recorded(tmp_path: Path) -> None:
    agent = make_agent(tmp_path / "voice.mp4", avatar=None)
    async with agent.join():
        await agent.say("one two three")
    assert loud_s(tmp_path / "voice.mp4") == pytest.approx(0.6, abs=0.06)
    with av.open(str(tmp_path / "voice.mp4")) as container:
        assert not container.streams.video


async def test_silence_in_which_nobody_speaks_takes_no_room(tmp_path: Path) -> None:
    agent = make_agent(tmp_path / "talk.mp4")
    edge = agent.edge
    assert isinstance(edge, RecorderEdge)
    async with agent.join():
        await agent.say("one two three four five")
        await asyncio.sleep(1.5)
        await agent.say("one two three four five")
    assert loud_s(tmp_path / "talk.mp4") == pytest.approx(2.0, abs=0.1)
    assert edge.recorded_s < 3.5


async def test_progress_is_told(tmp_path: Path) -> None:
    told: list[float] = []
    edge = RecorderEdge(tmp_path / "talk.mp4", on_progress=told.append)
    agent = Agent(edge=edge, tts=ToneVoice(), avatar=PassthroughAvatar(), observers=Observers(()))
    async with agent.join():
        await agent.say("one two three four five")
    assert told == sorted(told)
    assert 9 <= len(told) <= 25
    assert told[-1] == pytest.approx(edge.recorded_s, abs=0.2)


async def test_a_recording_that_is_cancelled_can_be_played(tmp_path: Path) -> None:
    agent = make_agent(tmp_path / "talk.mp4")

    async def call() -> None:
        async with agent.join():
            await agent.say("word " * 200)

    calling = asyncio.create_task(call())
    await asyncio.sleep(1.2)
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    assert agent.state is AgentState.CLOSED
    assert loud_s(tmp_path / "talk.mp4") > 0.5
    assert len(pictures_of(tmp_path / "talk.mp4")) > 15


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """No file may grow beyond ``size``; fails in the same call as a full disk, with EFBIG."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, ignored)


@pytest.mark.parametrize("name", ["talk.mp4", "talk.webm"])
def test_running_out_of_room_at_any_byte_leaves_a_file_that_plays(
    tmp_path: Path, name: str
) -> None:
    def write(path: Path) -> None:
        file = MediaFile(path, fps=10, rate_hz=48_000)
        try:
            file.open(blank_frame(64, 48))
            for n in range(30):
                file.write_video(blank_frame(64, 48), n / 10)
                file.write_audio(noise)
        finally:
            file.close()

    rng = np.random.default_rng(1)
    noise = PcmData.from_numpy(rng.integers(-9000, 9000, 4800, np.int16), 48_000)
    whole = tmp_path / name
    write(whole)
    size = whole.stat().st_size
    # Closely around the end, where the index is written and the beginning rewritten.
    for limit in (*range(size // 2, size, 1777), *range(size - 3000, size, 97)):
        path = tmp_path / f"{limit}-{name}"
        with room_for(limit), pytest.raises(MediaError, match="the disk is full"):
            write(path)
        assert len(pictures_of(path)) >= 8, limit
        assert sound_of(path)[0].size >= 24_000, limit


@pytest.mark.parametrize("name", ["talk.mp4", "talk.webm"])
async def test_a_full_disk_is_told_and_leaves_a_file_that_plays(tmp_path: Path, name: str) -> None:
    path, limit = tmp_path / name, 60_000
    agent = make_agent(path)
    with room_for(limit):
        async with asyncio.timeout(30), agent.join():
            with pytest.raises(MediaError, match=r"the disk is full.*can be played"):
                await agent.say("word " * 500)
            with pytest.raises(MediaError, match="the disk is full"):
                await agent.finish()
    assert path.stat().st_size <= limit
    assert len(pictures_of(path)) > 10


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing/talk.mp4", r"the folder .*missing does not exist; make it with: mkdir -p "),
        ("folder.mp4", "it is a folder"),
    ],
)
async def test_a_path_that_cannot_be_written_is_told_before_anything_starts(
    tmp_path: Path, name: str, message: str
) -> None:
    (tmp_path / "folder.mp4").mkdir()
    agent = make_agent(tmp_path / name)
    with pytest.raises(MediaError, match=message):
        async with agent.join():
            pytest.fail("the block is never entered")


@pytest.mark.parametrize("name", ["talk.avi", "talk", "talk.mp3"])
async def test_an_unknown_ending_is_told(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match=r"\.mp4, \.m4v, \.webm"):
        async with make_agent(tmp_path / name).join():
            pytest.fail("the block is never entered")


async def test_a_recording_needs_sound(tmp_path: Path) -> None:
    edge = RecorderEdge(tmp_path / "talk.mp4")
    with pytest.raises(StateError, match="needs sound"):
        await edge.publish(audio=None, video=None)
    await edge.close()


async def test_close_works_from_any_state(tmp_path: Path) -> None:
    for _ in range(2):
        edge = RecorderEdge(tmp_path / "talk.mp4")
        await edge.close()
        await edge.close()
        await edge.wait_ended()


def test_a_killed_recording_can_be_played(tmp_path: Path) -> None:
    """Even where nothing gets the chance to finish the file."""
    path = tmp_path / "talk.mp4"
    program = textwrap.dedent(f"""
        import asyncio
        from vision_agents.core import Agent
        from vision_agents.core.edge.recorder import RecorderEdge
        from vision_agents.core.testing.parts import PassthroughAvatar, ToneVoice

        async def main():
            edge = RecorderEdge({str(path)!r}, on_progress=lambda s: print(s, flush=True))
            agent = Agent(edge=edge, tts=ToneVoice(), avatar=PassthroughAvatar())
            async with agent.join():
                await agent.say("word " * 5000)

        asyncio.run(main())
    """)
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        until = time.monotonic() + 40
        while float(process.stdout.readline()) < 6 and time.monotonic() < until:
            pass
    finally:
        process.kill()
        process.communicate()
    # What is lost is at most the last second; here a part of it may have been written.
    with path.open("rb+") as file:
        file.truncate(whole_fragments(path))
    assert pictures_of(path)[-1][0] > 4
