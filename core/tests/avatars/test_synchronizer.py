"""A synchroniser from its building to its end: what it refuses, drops, reports and leaves."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
import pytest
from aiortc.mediastreams import MediaStreamError

from core.tests.avatars.media import H, W, picture, sound
from vision_agents.core.avatars import AVSynchronizer
from vision_agents.core.edge import OutboundAudioTrack
from vision_agents.core.errors import ConfigError
from vision_agents.core.sync.report import SyncReport
from vision_agents.core.testing.clock import virtually


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


def test_is_built_without_a_loop() -> None:
    sync = AVSynchronizer(W, H)
    assert sync.audio_output.empty()
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
