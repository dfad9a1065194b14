"""What one synchroniser costs: a call of write_video, and the memory of a full default queue.

    python benchmarks/cost.py

Bars: 5 us per picture of the right size, which leaves as the same memory; 100 MB at 1080p however
fast the provider sends. Exits 1 beyond them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import time
from multiprocessing import get_context
from pathlib import Path

import av
import numpy as np

from vision_agents.core.avatars import AVSynchronizer
from vision_agents.core.media.pcm import PcmData

WRITE_BAR_US, MEMORY_BAR_MB = 5.0, 100.0
SENT = 300
WIDTH, HEIGHT = 1920, 1080


def picture(shade: int) -> av.VideoFrame:
    """In memory of its own, every page of it touched."""
    return av.VideoFrame.from_ndarray(
        np.full((HEIGHT * 3 // 2, WIDTH), shade % 200 + 16, np.uint8), format="yuv420p"
    )


async def write_us(rounds: int = 15, count: int = 400) -> float:
    """Median microseconds of ``await write_video(frame)``, the queue full all the time."""
    frames = [picture(i) for i in range(8)]
    synchronizer = AVSynchronizer(WIDTH, HEIGHT, 30)
    taken_us = []
    for _ in range(rounds):
        began_s = time.perf_counter()
        for i in range(count):
            await synchronizer.write_video(frames[i % 8])
        taken_us.append((time.perf_counter() - began_s) / count * 1e6)
    synchronizer.close()
    return round(statistics.median(taken_us), 2)


async def leaves_uncopied() -> bool:
    synchronizer = AVSynchronizer(WIDTH, HEIGHT, 30)
    frame = picture(1)
    await synchronizer.write_video(frame)
    memory = {plane.buffer_ptr for plane in frame.planes}
    for _ in range(10):
        seen = await synchronizer.video_output.recv()
        if {plane.buffer_ptr for plane in seen.planes} == memory:
            return True
    return False


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 1e6


async def queue_mb() -> float:
    """Resident memory that ten seconds of pictures and sound, sent at once, add."""
    synchronizer = AVSynchronizer(WIDTH, HEIGHT, 30)
    newest = picture(0)  # what the provider itself holds is not ours
    before_mb = resident_mb()
    await synchronizer.write_audio(PcmData(48_000, "s16", np.ones(480_000, np.int16)))
    for i in range(SENT):
        await synchronizer.write_video(newest)
        newest = picture(i)
    return round(resident_mb() - before_mb, 1)


def queue_mb_in_fresh_process() -> float:
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(_queue_mb)


def _queue_mb() -> float:
    return asyncio.run(queue_mb())


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    figures = {
        "write_video_us": asyncio.run(write_us()),
        "leaves_uncopied": asyncio.run(leaves_uncopied()),
        "queue_mb": queue_mb_in_fresh_process(),
    }
    print(f"write_video, 1080p, right size  {figures['write_video_us']} us (bar {WRITE_BAR_US})")
    print(f"leaves as the same memory       {figures['leaves_uncopied']}")
    print(f"{SENT} pictures at once, 1080p    {figures['queue_mb']} MB (bar {MEMORY_BAR_MB})")
    if given.out:
        given.out.parent.mkdir(parents=True, exist_ok=True)
        given.out.write_text(json.dumps(figures, indent=1), encoding="utf-8")
    held = figures["write_video_us"] <= WRITE_BAR_US and figures["queue_mb"] <= MEMORY_BAR_MB
    return 0 if held and figures["leaves_uncopied"] else 1


if __name__ == "__main__":
    sys.exit(main())
