"""A picture is shown with its sound, by whichever clock that sound goes out."""

from __future__ import annotations

import asyncio
import time

import numpy as np
import pytest

from core.tests.avatars.media import H, W, grey, picture, running, sound
from vision_agents.core.avatars import AVSynchronizer
from vision_agents.core.edge import OutboundAudioTrack
from vision_agents.core.media.audio_stream import AudioOutputChunk
from vision_agents.core.testing.clock import virtually


@virtually
async def test_a_picture_waits_for_its_sound() -> None:
    """One second of sound is there at once; a picture of its middle is shown in its middle."""
    sync = AVSynchronizer(W, H, shared_timeline=True)
    track = OutboundAudioTrack(sync.audio_output)
    await sync.write_audio(sound(1.0, pts_s=0.0))
    await sync.write_video(picture(50, pts_s=0.0))
    await sync.write_video(picture(100, pts_s=0.5))
    started: list[float] = []

    async def listen() -> None:
        while True:
            at_s = time.monotonic()
            frame = await track.recv()
            if frame.to_ndarray().any() and not started:
                started.append(at_s)

    async with running(listen()):
        while grey(await sync.video_output.recv()) != 100:
            pass
        assert time.monotonic() - started[0] == pytest.approx(0.5, abs=0.04)
    sync.close()


class Queue:
    """An edge's own queue, that sound is pushed into."""

    def __init__(self) -> None:
        self.depth_s, self.cleared = 0.3, 0

    def queued_s(self) -> float:
        return self.depth_s

    def clear(self) -> None:
        self.cleared += 1


@virtually
async def test_what_an_edge_still_holds_is_not_heard_yet() -> None:
    """Pictures wait for the edge's queue of 300 ms as well."""
    sync = AVSynchronizer(W, H, shared_timeline=True)
    queue = Queue()
    sync.audio_output.attach_sink(queue)
    await sync.write_audio(sound(2.0, pts_s=0.0))
    await sync.write_video(picture(50, pts_s=0.0))
    await sync.write_video(picture(100, pts_s=0.2))
    begun: list[float] = []

    async def push() -> None:
        while True:
            got = sync.audio_output.pull(960, 48_000, time.monotonic())
            if got.samples.any():
                begun.append(time.monotonic())
            await asyncio.sleep(0.02)

    async with running(push()):
        while grey(await sync.video_output.recv()) != 100:
            pass
        assert time.monotonic() - begun[0] == pytest.approx(0.5, abs=0.04)
    await sync.flush()
    assert queue.cleared == 1
    sync.close()


@virtually
async def test_a_wall_clock_step_and_a_pause_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    sync = AVSynchronizer(W, H)
    await sync.video_output.recv()
    monkeypatch.setattr(time, "time", lambda: 0.0)
    before = time.monotonic()
    await sync.video_output.recv()
    assert time.monotonic() - before < 0.04
    await asyncio.sleep(1.0)
    before = time.monotonic()
    for _ in range(30):
        await sync.video_output.recv()
    assert time.monotonic() - before > 0.9
    sync.close()


@virtually
async def test_a_source_on_demand_runs_on_without_a_listener() -> None:
    sync = AVSynchronizer(W, H, shared_timeline=True)
    started, seconds = time.monotonic(), 0.0
    while seconds < 5:
        await sync.wait_for_demand(0.1)
        await sync.write_audio(sound(0.04, pts_s=seconds))
        seconds += 0.04
    assert time.monotonic() - started == pytest.approx(5, abs=0.35)
    sync.close()


@virtually
async def test_offline_is_exact_and_takes_no_time() -> None:
    sync = AVSynchronizer(W, H, fps=25, shared_timeline=True)

    async def render() -> None:
        for n in range(100):
            await sync.wait_for_demand(0.1)
            await sync.write_audio(sound(0.04, 1000 + n, pts_s=n * 0.04))
            await sync.write_video(picture(20 + 2 * n, pts_s=n * 0.04))
        await sync.audio_output.send(AudioOutputChunk(final=True))

    sync.audio_output.use_offline_clock()
    before = time.monotonic()
    heard, shown = [], []
    async with running(render()):
        for _ in range(90):
            for _ in range(2):
                pcm = await sync.audio_output.pull_offline(960, 48_000)
                assert pcm is not None
                heard.append(pcm.samples)
            shown.append(grey(await sync.video_output.recv()))
    assert time.monotonic() - before < 1.0
    samples = np.concatenate(heard)
    speech = samples[samples > 0]
    assert len(speech) > 85 * 1920
    assert (np.diff(speech.astype(int)) >= 0).all()
    for n, level in enumerate(shown[5:], 5):  # the picture of the sound that begins there
        loudness = int(samples[n * 1920])
        assert abs((level - 20) / 2 - (loudness - 1000)) <= 1
    sync.close()
