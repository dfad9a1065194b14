"""Pictures keep their order, size and memory on the way out, and a still face is calm."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from typing import Any

import av
import pytest
from aiortc.contrib.media import MediaRelay

from core.tests.avatars.media import H, W, grey, picture
from core.tests.media.decoding import decoded
from vision_agents.core.avatars import AVSynchronizer
from vision_agents.core.errors import MediaError
from vision_agents.core.media.frames import blank_frame
from vision_agents.core.testing.clock import virtually


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


async def test_what_is_no_picture_is_refused_where_somebody_waits() -> None:
    sync = AVSynchronizer(W, H)
    with pytest.raises(MediaError, match="could not be converted"):
        await sync.write_video(av.VideoFrame(0, 0, "yuv420p"))
    sync.close()


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
