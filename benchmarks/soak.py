"""Ten minutes of eight streams in one process, with everything that providers do.

    python benchmarks/soak.py [--streams 8] [--minutes 10] [--clock real]

Each synchroniser lives all the time and gets one drawn scenario after the other: stalls, flushes,
other rates, late starts, silence. Virtual time unless said. Exits 1 on an exception, when tasks
or memory grow, or when the offset's p99 is over its bar.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import sys
import tracemalloc
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np

from syncmeter import beyond
from syncmeter.analysis import analyse
from syncmeter.catalogue import gates
from syncmeter.run import HEIGHT, WIDTH, play
from syncmeter.script import build
from syncmeter.systems import Ours
from vision_agents.core.testing.clock import virtual_time

P99_BAR_MS = 70.0
"""The widest of the scenarios' own: pictures that were thinned out during a stall."""
GROWTH_BAR_MB = 5.0


async def one_stream(number: int, seconds: float) -> list[float]:
    """Offsets in milliseconds."""
    clock = asyncio.get_running_loop().time
    end_s, offsets, draw = clock() + seconds, [], number * 1000
    async with Ours(WIDTH, HEIGHT, 30, 60) as system:
        while clock() < end_s:
            draw += 1
            name, scenario = beyond.draw(draw)
            if not gates(name):
                continue
            script = build(replace(scenario, output_fps=30), draw)
            offsets += analyse(script, await play(script, system)).offsets
            await system.flush()
    return offsets


async def soak(streams: int, seconds: float) -> dict[str, float]:
    """Memory is what Python holds at the end beyond what it held after one short stream."""
    await one_stream(streams, 30)
    gc.collect()
    tracemalloc.start()
    async with asyncio.TaskGroup() as group:
        runs = [group.create_task(one_stream(n, seconds)) for n in range(streams)]
        await asyncio.sleep(seconds / 10)
        tasks_then = len(asyncio.all_tasks())
    gc.collect()
    grown_mb = tracemalloc.get_traced_memory()[0] / 1e6
    tracemalloc.stop()
    offsets = np.abs(np.concatenate([run.result() for run in runs]))
    return {
        "markers": len(offsets),
        "p50_ms": round(float(np.percentile(offsets, 50)), 1),
        "p95_ms": round(float(np.percentile(offsets, 95)), 1),
        "p99_ms": round(float(np.percentile(offsets, 99)), 1),
        "tasks_while_running": tasks_then,
        "tasks_after": len(asyncio.all_tasks()),
        "grown_mb": round(grown_mb, 1),
    }


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--streams", type=int, default=8)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--clock", choices=("virtual", "real"), default="virtual")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    time_of = virtual_time() if given.clock == "virtual" else nullcontext(asyncio.new_event_loop)
    with time_of as factory, asyncio.Runner(loop_factory=factory) as runner:
        figures = runner.run(soak(given.streams, given.minutes * 60))
    print(f"{given.streams} streams, {given.minutes:g} minutes, {given.clock} time: {figures}")
    if given.out:
        given.out.parent.mkdir(parents=True, exist_ok=True)
        given.out.write_text(json.dumps(figures, indent=1), encoding="utf-8")
    held = (
        figures["p99_ms"] <= P99_BAR_MS
        and figures["tasks_after"] == 1
        and figures["grown_mb"] <= GROWTH_BAR_MB
    )
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
