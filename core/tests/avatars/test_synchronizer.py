"""The shell round the engine: order, flush, sizes, clocks, offline, closing."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from fractions import Fraction
from typing import Any

import av
import numpy as np
import pytest
from aiortc.contrib.media import MediaRelay
from aiortc.mediastreams import MediaStreamError

from core.tests.media.decoding import decoded
from vision_agents.core.avatars import AVSynchronizer
from vision_agents.core.edge import OutboundAudioTrack
from vision_agents.core.errors import ConfigError, MediaError
from vision_agents.core.media.audio_stream import AudioOutputChunk
from vision_agents.core.media.frames import blank_frame, planes
from vision_agents.core.media.pcm import PcmData
from vision_agents.core.sync.report import SyncReport
from vision_agents.core.testing.clock import virtually

W, H = 64, 48


def picture(grey: int, size: tuple[int, int] = (W, H), pts_s: float | None = None) -> av.VideoFrame:
    frame = blank_frame(*size)
    planes(frame)[0][:] = grey
    if pts_s is not None:
        frame.pts, frame.time_base = round(pts_s * 90_000), Fraction(1, 90_000)
    return frame


def grey(frame: av.VideoFrame) -> int:
    return int(planes(frame)[0][H // 2, W // 2])


def sound(seconds: float, value: int = 500, rate_hz: int = 48_000) -> PcmData:
    return PcmData(rate_hz, "s16", np.full(round(seconds * rate_hz), value, np.int16))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"width": 0}, "width must be a positive even number of pixels, not 0"),
        ({"height": 361}, "height must be a positive even number of pixels, not 361"),
        ({"fps": 0}, "fps must be between 1 and 1000, not 0"),
        ({"max_queue_size": 0}, "max_queue_size must be at least 1, not 0"),
    ],
)
def test_refuses_what_cannot_work(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        AVSynchronizer(**arguments)


@pytest.mark.parametrize(
    ("arguments", "kept"),
    [
        ({"width": 1280, "height": 720}, 30),
        ({"width": 1920, "height": 1080}, 18),
        ({"width": 1920, "height": 1080, "fps": 60}, 30),
        ({"width": 3840, "height": 2160}, 15),
        ({"width": 1920, "height": 1080, "max_queue_size": 40}, 40),
    ],
)
async def test_fewer_large_pictures_wait_unless_said(arguments: dict[str, Any], kept: int) -> None:
    sync = AVSynchronizer(**arguments)
    frame = blank_frame(sync.width, sync.height)
    for _ in range(60):
        await sync.write_video(frame)
    assert sync.report.thinned == 60 - kept
    sync.close()


def test_is_built_without_a_loop() -> None:
    sync = AVSynchronizer(W, H)
    assert sync.audio_output.empty()
    sync.close()


@virtually
async def test_a_frame_handed_out_is_never_changed() -> None:
    sync = AVSynchronizer(W, H)
    own = decoded(picture(90, pts_s=7.0))
    await sync.write_video(own)
    frames = [await sync.video_output.recv() for _ in range(4)]
    assert own.pts == 630_000
    assert [frame.pts for frame in frames] == [0, 3000, 6000, 9000]
    assert len({id(frame) for frame in frames}) == 4
    shared = {plane.buffer_ptr for frame in frames[2:] for plane in frame.planes}
    assert shared <= {plane.buffer_ptr for plane in own.planes}  # no copy
    sync.close()


async def test_pictures_of_mixed_sizes_keep_their_order() -> None:
    sync = AVSynchronizer(W, H, fps=200, max_queue_size=100)
    sizes = [(2 * W, 2 * H), (W, H), (W // 2, H // 2), (W + 1, H + 3)]
    frames = [picture(20 + 5 * n, sizes[n % 4], n / 30) for n in range(40)]
    await asyncio.gather(*(sync.write_video(frame) for frame in frames))
    seen: list[int] = []
    until = time.monotonic() + 1.6
    while time.monotonic() < until:
        seen.append(grey(await sync.video_output.recv()))
    assert seen == sorted(seen)
    assert len(set(seen)) > 20
    sync.close()


async def test_many_faces_scale_on_no_more_threads_than_cores() -> None:
    syncs = [AVSynchronizer(W, H) for _ in range(12)]
    await asyncio.gather(
        *(sync.write_video(picture(100, (640, 360))) for sync in syncs for _ in range(3))
    )
    threads = [t for t in threading.enumerate() if t.name.startswith("asyncio_")]
    assert 1 <= len(threads) <= (os.cpu_count() or 1)
    for sync in syncs:
        assert abs(grey(await sync.video_output.recv()) - 100) <= 1  # scaling rounds down
        sync.close()


async def test_a_flush_drops_the_picture_being_scaled() -> None:
    sync = AVSynchronizer(W, H)
    writing = asyncio.create_task(sync.write_video(picture(200, (1920, 1080))))
    await asyncio.sleep(0)
    await sync.flush()
    await writing
    await asyncio.sleep(0.05)
    assert {grey(await sync.video_output.recv()) for _ in range(3)} == {16}
    sync.close()


@virtually
async def test_a_flush_leaves_nothing_behind() -> None:
    sync = AVSynchronizer(W, H)
    track = OutboundAudioTrack(sync.audio_output)
    await sync.write_audio(sound(29.0))
    full = [asyncio.create_task(sync.write_audio(sound(5.0))) for _ in range(3)]
    await asyncio.sleep(0.05)
    await track.recv()
    await sync.audio_output.flush()  # the stream's flush is the synchroniser's
    await asyncio.gather(*full)
    assert sync.audio_output.buffered == 0
    await sync.write_audio(sound(0.01, 222))
    heard = np.concatenate([(await track.recv()).to_ndarray()[0] for _ in range(8)])
    assert set(np.unique(heard)) == {0, 222}
    sync.close()


@virtually
async def test_the_face_eases_back_to_its_idle_picture() -> None:
    sync = AVSynchronizer(W, H)
    sync.set_idle_frame(picture(30))
    await sync.write_video(picture(230))
    await asyncio.sleep(0.1)
    assert grey(await sync.video_output.recv()) == 230
    await sync.flush()
    levels = [grey(await sync.video_output.recv()) for _ in range(9)]
    assert levels == sorted(levels, reverse=True)
    assert levels[-1] == 30
    assert len(set(levels)) > 4
    sync.close()


@virtually
async def test_a_picture_waits_for_its_sound() -> None:
    """One second of sound is there at once; a picture of its middle is shown in its middle."""
    sync = AVSynchronizer(W, H, shared_timeline=True)
    track = OutboundAudioTrack(sync.audio_output)
    pcm = sound(1.0)
    pcm.pts, pcm.time_base = 0, Fraction(1, 48_000)
    await sync.write_audio(pcm)
    await sync.write_video(picture(50, pts_s=0.0))
    await sync.write_video(picture(100, pts_s=0.5))
    started: list[float] = []

    async def listen() -> None:
        while True:
            at_s = time.monotonic()
            frame = await track.recv()
            if frame.to_ndarray().any() and not started:
                started.append(at_s)

    listening = asyncio.create_task(listen())
    while grey(await sync.video_output.recv()) != 100:
        pass
    assert time.monotonic() - started[0] == pytest.approx(0.5, abs=0.04)
    listening.cancel()
    await asyncio.wait([listening])
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
async def test_relayed_consumers_see_the_same_pictures() -> None:
    sync = AVSynchronizer(W, H)
    relay = MediaRelay()
    first, second = (relay.subscribe(sync.video_output) for _ in range(2))
    for _ in range(5):
        a, b = await asyncio.gather(first.recv(), second.recv())
        assert a.pts == b.pts
    first.stop()
    second.stop()
    sync.close()
    await asyncio.sleep(0.1)


async def test_what_is_no_picture_is_refused_where_somebody_waits() -> None:
    sync = AVSynchronizer(W, H)
    with pytest.raises(MediaError, match="could not be converted"):
        await sync.write_video(av.VideoFrame(0, 0, "yuv420p"))
    sync.close()


@virtually
async def test_after_close() -> None:
    sync = AVSynchronizer(W, H)
    await sync.write_audio(sound(1.0))
    sync.close()
    sync.close()
    await sync.write_video(picture(100))
    await sync.write_audio(sound(0.1))
    sync.write_video_nowait(picture(100))
    assert sync.write_audio_nowait(sound(0.1)) is False
    await sync.wait_for_demand()
    with pytest.raises(MediaStreamError):
        await sync.video_output.recv()
    assert sync.audio_output.buffered == 0


@virtually
async def test_a_source_on_demand_runs_on_without_a_listener() -> None:
    sync = AVSynchronizer(W, H, shared_timeline=True)
    started, seconds = time.monotonic(), 0.0
    while seconds < 5:
        await sync.wait_for_demand(0.1)
        pcm = sound(0.04)
        pcm.pts, pcm.time_base = round(seconds * 48_000), Fraction(1, 48_000)
        await sync.write_audio(pcm)
        seconds += 0.04
    assert time.monotonic() - started == pytest.approx(5, abs=0.35)
    sync.close()


@virtually
async def test_offline_is_exact_and_takes_no_time() -> None:
    sync = AVSynchronizer(W, H, fps=25, shared_timeline=True)

    async def render() -> None:
        for n in range(100):
            await sync.wait_for_demand(0.1)
            pcm = sound(0.04, 1000 + n)
            pcm.pts, pcm.time_base = n * 1920, Fraction(1, 48_000)
            await sync.write_audio(pcm)
            await sync.write_video(picture(20 + 2 * n, pts_s=n * 0.04))
        await sync.audio_output.send(AudioOutputChunk(final=True))

    sync.audio_output.use_offline_clock()
    source = asyncio.create_task(render())
    before = time.monotonic()
    heard, shown = [], []
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
    source.cancel()
    await asyncio.wait([source])
    sync.close()


@virtually
async def test_a_report_about_once_a_second() -> None:
    sync = AVSynchronizer(W, H)
    track = OutboundAudioTrack(sync.audio_output)
    reports: list[SyncReport] = []
    stop = sync.audio_output.on_report(reports.append)
    for _ in range(160):
        await track.recv()
    stop()
    for _ in range(60):
        await track.recv()
    assert len(reports) == 3
    assert sync.report.at_s > reports[-1].at_s
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
    pcm = sound(2.0)
    pcm.pts, pcm.time_base = 0, Fraction(1, 48_000)
    await sync.write_audio(pcm)
    await sync.write_video(picture(50, pts_s=0.0))
    await sync.write_video(picture(100, pts_s=0.2))
    begun: list[float] = []

    async def push() -> None:
        while True:
            got = sync.audio_output.pull(960, 48_000, time.monotonic())
            if got.samples.any():
                begun.append(time.monotonic())
            await asyncio.sleep(0.02)

    pushing = asyncio.create_task(push())
    while grey(await sync.video_output.recv()) != 100:
        pass
    assert time.monotonic() - begun[0] == pytest.approx(0.5, abs=0.04)
    pushing.cancel()
    await asyncio.wait([pushing])
    await sync.flush()
    assert queue.cleared == 1
    sync.close()
