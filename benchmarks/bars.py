"""Lip-sync and barge-in against their limits.

    python benchmarks/bars.py                       # virtual time: repeatable, no timer noise
    python benchmarks/bars.py --only 'd*' --seeds 2
    python benchmarks/bars.py --clock real --seeds 3

Exits 1 when a scenario falls short, and says in what. Needs core alone. With ``--clock real`` the
limits are 8 ms wider and the runs are many at a time, since each waits most of its time.
"""

from __future__ import annotations

import argparse
import asyncio
import fnmatch
import json
import os
import sys
import time
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import asdict
from pathlib import Path

from syncmeter.analysis import RunResult, Summary, analyse, summarise
from syncmeter.catalogue import BEYOND, is_drawn, scenarios
from syncmeter.clock import real_time, virtual_time
from syncmeter.limits import shortfalls
from syncmeter.run import HEIGHT, WIDTH, play
from syncmeter.scenario import Scenario
from syncmeter.script import build
from syncmeter.systems import SYSTEMS

REAL_TOLERANCE_MS = 8.0
FIRST_SEED = 1000


async def measure(kind: str, scenario: Scenario, seed: int) -> RunResult:
    script = build(scenario, seed)
    async with SYSTEMS[kind](WIDTH, HEIGHT, scenario.output_fps, scenario.max_queue) as system:
        return analyse(script, await play(script, system))


def one_run(kind: str, scenario: Scenario, seed: int, clock: str) -> RunResult:
    """In a process of its own kind: the clock is replaced for the whole process."""
    time_of = virtual_time if clock == "virtual" else real_time
    with time_of() as factory, asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(measure(kind, scenario, seed))


def judge(
    scenario: Scenario, runs: list[Future[RunResult]], tolerance_ms: float
) -> tuple[Summary | None, list[str]]:
    try:
        summary = summarise([run.result() for run in runs])
    except Exception as error:  # a scenario that breaks has failed; the others go on
        return None, [f"{type(error).__name__}: {error}"]
    return summary, shortfalls(scenario, summary, tolerance_ms)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--only", default="*", help="scenarios, as a pattern")
    parser.add_argument("--seeds", type=int, default=5, help="runs of each listed scenario")
    parser.add_argument(
        "--drawn", type=int, default=BEYOND, help="how many drawn scenarios, one run each"
    )
    parser.add_argument("--clock", choices=("virtual", "real"), default="virtual")
    parser.add_argument(
        "--system", choices=SYSTEMS, default="ours", help="peer: in its own environment"
    )
    parser.add_argument("--workers", type=int, help="runs at a time")
    parser.add_argument("--out", type=Path, help="write the figures there, as JSON")
    return parser.parse_args()


def main() -> int:
    given = arguments()
    all_of_them = scenarios(given.drawn)
    names = fnmatch.filter(all_of_them, given.only)
    if not names:
        sys.exit(f"no scenario {given.only!r}; there are {', '.join(all_of_them)}")
    real = given.clock == "real"
    workers = given.workers or (8 if real else os.cpu_count() or 2)
    began_s, short, figures = time.monotonic(), 0, {}
    with ProcessPoolExecutor(workers) as pool:
        runs = {
            name: [
                pool.submit(
                    one_run, given.system, all_of_them[name], FIRST_SEED + seed, given.clock
                )
                for seed in range(1 if is_drawn(name) else given.seeds)
            ]
            for name in names
        }
        for name in names:
            summary, missed = judge(
                all_of_them[name], runs[name], REAL_TOLERANCE_MS if real else 0.0
            )
            short += bool(missed)
            text = ""
            if summary is not None:
                figures[name] = asdict(summary)
                text = f"p50 {summary.p50:5.1f}  p95 {summary.p95:5.1f}  "
                text += f"p99 {summary.p99:5.1f}  max {summary.max:5.1f}  "
            if missed or is_drawn(name):
                missed = [f"{all_of_them[name].text}: {'; '.join(missed) or 'ok'}"]
            print(f"{name:22s}{text}{'; '.join(missed) or 'ok'}", flush=True)
    took_s = time.monotonic() - began_s
    print(f"{len(names)} scenarios, {took_s:.0f} s; {short} fall short")
    if given.out:
        given.out.parent.mkdir(parents=True, exist_ok=True)
        given.out.write_text(json.dumps(figures, indent=1), encoding="utf-8")
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
