"""The whole avatar: what the agent says comes out unchanged, and the face goes with it."""

from __future__ import annotations

import asyncio
import functools
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import ParamSpec

import av
import numpy as np
import numpy.typing as npt
import pytest

from vision_agents.core.errors import StateError
from vision_agents.core.events.avatar import AvatarFirstFrameEvent
from vision_agents.core.media.audio_stream import AudioOutputChunk, AudioOutputStream
from vision_agents.core.media.pcm import PcmData
from vision_agents.core.testing.clock import virtual_time
from vision_agents.plugins.local import LocalAvatar

P = ParamSpec("P")

RATE_HZ = 48_000
STEP = RATE_HZ // 50


def speech(seconds: float, rate_hz: int = RATE_HZ) -> PcmData:
    """Noise that is loud from the first sample to the last, the same every time."""
    rng = np.random.default_rng(1)
    samples = rng.integers(2_000, 12_000, int(seconds * rate_hz)) * rng.choice(
        (-1, 1), int(seconds * rate_hz)
    )
    return PcmData(rate_hz, "s16", samples.astype(np.int16))


def in_virtual_time(
    test: Callable[P, Coroutine[None, None, None]],
) -> Callable[P, None]:
    """Real time would measure how busy the machine is; the clock stands while the avatar draws."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        with virtual_time() as factory, asyncio.Runner(loop_factory=factory) as runner:
            runner.run(test(*args, **kwargs))

    return run


@asynccontextmanager
async def avatar_in_use(
    width: int = 640, height: int = 360, fps: int = 30
) -> AsyncIterator[tuple[LocalAvatar, AudioOutputStream]]:
    avatar = LocalAvatar(width, height, fps)
    stream = AudioOutputStream(send_timeout_s=5.0)
    avatar.attach_audio_input(stream)
    await avatar.start()
    try:
        yield avatar, stream
    finally:
        await avatar.close()


async def say(stream: AudioOutputStream, pcm: PcmData, *, final: bool = True) -> None:
    await stream.send(AudioOutputChunk(pcm, final=final, utterance_id=1))


async def listen(
    avatar: LocalAvatar, seconds: float, rate_hz: int = RATE_HZ
) -> npt.NDArray[np.int16]:
    """Pull in real time, 20 ms at a time, as an edge does."""
    began_s, heard = time.monotonic(), []
    for step in range(round(seconds * 50)):
        await asyncio.sleep(began_s + step / 50 - time.monotonic())
        heard.append(avatar.audio_output().pull(rate_hz // 50, rate_hz, time.monotonic()).samples)
    return np.concatenate(heard)


def where(heard: npt.NDArray[np.int16], said: PcmData) -> int:
    """The sample at which all of ``said`` begins in ``heard``, without a gap or a change."""
    begin = int(np.flatnonzero(heard)[0])
    assert np.array_equal(heard[begin : begin + len(said)], said.samples)
    return begin


@pytest.mark.parametrize("rate_hz", [16_000, 24_000, 48_000])
@in_virtual_time
async def test_speech_comes_out_sample_for_sample(rate_hz: int) -> None:
    async with avatar_in_use() as (avatar, stream):
        said = speech(0.6, rate_hz)
        await say(stream, said)
        heard = await listen(avatar, 1.2, rate_hz)
    begin = where(heard, said)
    assert not heard[begin + len(said) :].any()
    assert begin / rate_hz < 0.4


async def test_offline_is_exact_and_faster_than_real_time() -> None:
    async with avatar_in_use() as (avatar, stream):
        avatar.audio_output().use_offline_clock()
        said = speech(4.0)
        await say(stream, said)
        began_s = time.monotonic()
        heard: list[npt.NDArray[np.int16]] = []
        for _ in range(225):
            pulled = await avatar.audio_output().pull_offline(STEP, RATE_HZ)
            assert pulled is not None
            heard.append(np.asarray(pulled.samples, np.int16))
        took_s = time.monotonic() - began_s
    where(np.concatenate(heard), said)
    assert took_s < 4.0


async def test_offline_speech_that_comes_late_is_waited_for() -> None:
    async with avatar_in_use() as (avatar, stream):
        output = avatar.audio_output()
        output.use_offline_clock()
        output.playback.follow(stream)
        said = speech(1.0)

        async def speak_slowly() -> None:
            for piece in said.chunks(STEP * 10):
                await say(stream, piece, final=False)
                await asyncio.sleep(0.2)
            await stream.send(AudioOutputChunk(final=True, utterance_id=1))

        async with asyncio.TaskGroup() as group:
            group.create_task(speak_slowly())
            heard: list[npt.NDArray[np.int16]] = []
            while not heard or np.count_nonzero(np.concatenate(heard)) < len(said):
                pulled = await output.pull_offline(STEP, RATE_HZ)
                assert pulled is not None
                heard.append(np.asarray(pulled.samples, np.int16))
    where(np.concatenate(heard), said)


@in_virtual_time
async def test_an_interrupt_silences_at_once_and_the_next_speech_is_whole() -> None:
    async with avatar_in_use() as (avatar, stream):
        await say(stream, speech(3.0))
        before = await listen(avatar, 0.5)
        assert before.any()
        await stream.flush()
        await avatar.audio_output().flush()
        await avatar.interrupt()
        said = speech(0.3)
        after = await listen(avatar, 0.3)
        await say(stream, said)
        again = await listen(avatar, 0.8)
    assert not after.any()
    where(again, said)


@in_virtual_time
async def test_speech_right_behind_an_interrupt_is_not_lost() -> None:
    async with avatar_in_use() as (avatar, stream):
        await say(stream, speech(3.0))
        await listen(avatar, 0.3)
        said = speech(0.4)
        await stream.flush()
        await avatar.audio_output().flush()
        await avatar.interrupt()
        await say(stream, said)
        where(await listen(avatar, 0.9), said)


@in_virtual_time
async def test_long_speech_is_read_as_it_is_needed() -> None:
    async with avatar_in_use(fps=60) as (avatar, stream):
        await say(stream, speech(20.0))
        await listen(avatar, 4.0)
        # The rest stays in the agent's stream, where its bound and a barge-in reach it.
        assert 14.0 < stream.buffered < 15.5


@in_virtual_time
async def test_nobody_listens_and_speech_takes_its_time_all_the_same() -> None:
    async with avatar_in_use() as (avatar, stream):
        output = avatar.audio_output()
        output.playback.follow(stream)
        began_s = time.monotonic()
        await say(stream, speech(1.0))
        await output.playback.wait_finished(1, timeout_s=5)
        took_s = time.monotonic() - began_s
    assert 0.9 < took_s < 2.5


@in_virtual_time
async def test_pictures_move_while_nobody_speaks() -> None:
    async with avatar_in_use(fps=30) as (avatar, _):
        listening = asyncio.create_task(listen(avatar, 1.0))
        track = avatar.video_output()
        pictures = [await track.recv() for _ in range(20)]
        await listening
    looks = set()
    for picture in pictures:
        assert isinstance(picture, av.VideoFrame)
        assert (picture.width, picture.height) == (640, 360)
        looks.add(picture.to_ndarray().tobytes())
    assert len(looks) > 10


async def test_sound_and_picture_are_there_when_it_has_started() -> None:
    async with avatar_in_use(1280, 720) as (avatar, _):
        assert avatar.audio_output().buffered > 0
        assert len(avatar.audio_output().pull(STEP, RATE_HZ, time.monotonic())) == STEP
        assert [thread.name for thread in threading.enumerate()].count("local-avatar_0") == 1


async def test_the_first_frame_is_an_event() -> None:
    seen: list[AvatarFirstFrameEvent] = []
    avatar = LocalAvatar(640, 360)

    @avatar.events.subscribe
    async def on_first_frame(event: AvatarFirstFrameEvent) -> None:
        seen.append(event)

    avatar.attach_audio_input(AudioOutputStream())
    await avatar.start()
    await avatar.events.wait()
    await avatar.close()
    assert [(event.width, event.height) for event in seen] == [(640, 360)]
    assert 0 < seen[0].latency_s < 5


async def test_lifecycle_in_any_order() -> None:
    avatar = LocalAvatar(320, 180)
    with pytest.raises(ValueError, match="no audio input is attached"):
        await avatar.start()
    avatar.attach_audio_input(AudioOutputStream())
    await avatar.start()
    await avatar.start()
    await avatar.close()
    await avatar.close()
    with pytest.raises(StateError, match="make a new one"):
        await avatar.start()
    await LocalAvatar().close()


async def test_closing_while_it_starts_ends_the_start() -> None:
    avatar = LocalAvatar(320, 180)
    avatar.attach_audio_input(AudioOutputStream())
    starting = asyncio.create_task(avatar.start())
    await asyncio.sleep(0)
    await avatar.close()
    with pytest.raises(StateError, match="closed while it started"):
        await starting


async def test_closing_in_mid_sentence_is_quick() -> None:
    async with avatar_in_use(1280, 720) as (avatar, stream):
        await say(stream, speech(5.0))
        await listen(avatar, 0.2)
        began_s = time.monotonic()
        await avatar.close()
        assert time.monotonic() - began_s < 0.5
