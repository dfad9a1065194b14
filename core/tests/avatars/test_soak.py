"""Eight synchronisers for ten minutes, with stalls, flushes and changes of rate at random."""

from __future__ import annotations

import asyncio
import gc
import time
import tracemalloc
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest

from vision_agents.core.avatars import AVSynchronizer
from vision_agents.core.edge import OutboundAudioTrack
from vision_agents.core.media.frames import blank_frame
from vision_agents.core.media.pcm import PcmData
from vision_agents.core.sync.report import SyncReport
from vision_agents.core.testing.clock import virtually

STREAMS, MINUTES = 8, 10
WARM_S = 60.0


class Stream:
    """A provider that misbehaves, and the two consumers of its synchroniser."""

    def __init__(self, seed: int) -> None:
        self.sync = AVSynchronizer(64, 48)
        self.reports: list[SyncReport] = []
        self.sync.on_report(self.reports.append)
        self._random = np.random.default_rng(seed)
        self._frame = blank_frame(64, 48)

    async def run(self, seconds: float) -> None:
        tasks = [
            asyncio.create_task(work)
            for work in (self._provide(seconds), self._listen(), self._watch())
        ]
        await tasks[0]
        for task in tasks[1:]:
            task.cancel()
        await asyncio.wait(tasks[1:])
        self.sync.close()

    async def _provide(self, seconds: float) -> None:
        random, start = self._random, time.monotonic()
        rate_hz, fps, media = 24_000, 30.0, 0.0
        pictures, due = 0.0, float(random.uniform(3, 20))
        while media < seconds:
            late = start + media - time.monotonic()
            if late > 0:
                await asyncio.sleep(late)
            wave = np.full(rate_hz // 50, 700, np.int16)
            await self.sync.write_audio(PcmData(rate_hz, "s16", wave))
            while pictures <= media:
                frame = self._frame.reformat(width=64, height=48)
                frame = blank_frame(64, 48) if frame is self._frame else frame
                frame.pts, frame.time_base = round(pictures * 90_000), Fraction(1, 90_000)
                await self.sync.write_video(frame)
                pictures += 1 / fps
            media += 0.02
            if media > due:
                due = media + float(random.uniform(3, 20))
                what = random.integers(0, 4)
                if what == 0:
                    await asyncio.sleep(float(random.uniform(0.1, 1.0)))  # both come in a burst
                elif what == 1:
                    await self.sync.flush()
                elif what == 2:
                    rate_hz = int(random.choice([16_000, 24_000, 44_100, 48_000]))
                else:
                    fps = float(random.choice([24, 25, 30, 50]))

    async def _listen(self) -> None:
        track = OutboundAudioTrack(self.sync.audio_output)
        while True:
            await track.recv()

    async def _watch(self) -> None:
        while True:
            await self.sync.video_output.recv()


@pytest.mark.proof
@pytest.mark.timeout(900)
@virtually
async def test_soak(figure: Callable[[str], None]) -> None:
    streams = [Stream(seed) for seed in range(STREAMS)]
    running = [asyncio.create_task(stream.run(MINUTES * 60)) for stream in streams]
    await asyncio.sleep(WARM_S)
    gc.collect()
    tracemalloc.start()
    tasks = len(asyncio.all_tasks())
    before = tracemalloc.get_traced_memory()[0]
    await asyncio.sleep(MINUTES * 60 - 2 * WARM_S)
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert len(asyncio.all_tasks()) == tasks
    await asyncio.gather(*running)
    worst = [report.offset_ms_p95 for stream in streams for report in stream.reports]
    figure(
        f"soak, {STREAMS} streams, {MINUTES} min: p95 of pictures per second, 99 % of seconds "
        f"within {np.percentile(worst, 99):.1f} ms; memory grew {grown / 1e6:.1f} MB"
    )
    assert np.percentile(worst, 95) < 20
    assert grown < 8e6  # thirty pictures and a second of sound may wait when either is measured
