"""One process with many streams: its CPU and how long its event loop is held up.

    python benchmarks/load.py --system ours --case resize --streams 32 --seconds 6

Each stream is a provider that writes pictures at 30 fps and sound in 10 ms packets, and the two
senders of a call behind; nothing is encoded. ``same``: 1280x720 in and out; ``resize``: 960x540
in. Prints one line of JSON. Runs unchanged in the peer's environment.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

import av
import numpy as np

from syncmeter.signal import OUTPUT_RATE_HZ
from syncmeter.systems import SYSTEMS, System

SIZES = {"same": (1280, 720), "resize": (960, 540)}
WARM_UP_S = 1.0
PROBE_S = 0.005


def picture(width: int, height: int, seed: int) -> av.VideoFrame:
    """Smooth gradients and a little noise, in memory of its own."""
    ramp = np.add.outer(np.arange(height) % 200, np.arange(width) % 50)
    noise = np.random.default_rng(seed).integers(0, 8, (height, width))
    i420 = np.full((height * 3 // 2, width), 120, np.uint8)
    i420[:height] = (ramp + noise) % 220 + 16
    return av.VideoFrame.from_ndarray(i420, format="yuv420p")


async def at_rate(hz: float, phase_s: float, act: Callable[[int], Awaitable[object]]) -> None:
    """Call ``act`` with 0, 1, 2... on a grid."""
    clock = asyncio.get_running_loop().time
    start_s, n = clock() + phase_s, 0
    while True:
        await asyncio.sleep(max(0.0, start_s + n / hz - clock()))
        await act(n)
        n += 1


async def endless(act: Callable[[], Awaitable[object]], counts: Counter[str], what: str) -> None:
    while True:
        await act()
        counts[what] += 1


def start(system: System, case: str, number: int, counts: Counter[str]) -> list[asyncio.Task[None]]:
    pool = [picture(*SIZES[case], number * 2 + i) for i in range(2)]
    packet = np.ones(OUTPUT_RATE_HZ // 100, np.int16)
    rng = random.Random(number)
    coroutines = (
        at_rate(30, rng.random() / 30, lambda n: system.write_video(pool[n % 2])),
        at_rate(100, rng.random() / 30, lambda _: system.write_audio(packet, OUTPUT_RATE_HZ)),
        endless(system.picture, counts, "pictures"),
        endless(system.sound, counts, "frames of sound"),
    )
    return [asyncio.create_task(coroutine) for coroutine in coroutines]


async def load(kind: str, case: str, streams: int, seconds: float) -> dict[str, float]:
    counts: Counter[str] = Counter()
    clock = asyncio.get_running_loop().time
    lags_s: list[float] = []
    async with AsyncExitStack() as stack:
        tasks = []
        for number in range(streams):
            system = await stack.enter_async_context(SYSTEMS[kind](1280, 720, 30, 30))
            tasks += start(system, case, number, counts)
        await asyncio.sleep(WARM_UP_S)
        counts.clear()
        cpu_s, wall_s = time.process_time(), time.perf_counter()
        end_s = clock() + seconds
        while (now_s := clock()) < end_s:
            await asyncio.sleep(PROBE_S)
            lags_s.append(clock() - now_s - PROBE_S)
        cpu_s, wall_s = time.process_time() - cpu_s, time.perf_counter() - wall_s
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return {
        "cpu_pct_per_stream": round(cpu_s / wall_s * 100 / streams, 3),
        "lag_p50_ms": round(float(np.percentile(lags_s, 50)) * 1e3, 2),
        "lag_p99_ms": round(float(np.percentile(lags_s, 99)) * 1e3, 2),
        "pictures_per_s": round(counts["pictures"] / wall_s / streams, 2),
        "sound_frames_per_s": round(counts["frames of sound"] / wall_s / streams, 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--system", choices=SYSTEMS, default="ours")
    parser.add_argument("--case", choices=SIZES, default="same")
    parser.add_argument("--streams", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=6)
    given = parser.parse_args()
    print(json.dumps(asyncio.run(load(given.system, given.case, given.streams, given.seconds))))


if __name__ == "__main__":
    main()
