"""How many times faster than it plays a face is rendered into a file.

    python benchmarks/render_speed.py [--avatar local] [--width 1280] [--height 720] [--fps 30]

Renders about half a minute of speech three times through the command line's own path. Wall time
is what a person waits for; CPU time is what does not change when the machine is busy.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from pathlib import Path
from typing import Any

from vision_agents.core import Agent
from vision_agents.core.edge.recorder import RecorderEdge

TEXT = "The quick brown fox jumps over the lazy dog, and nobody minds it at all. " * 8
BAR = 2.0


async def render(face: dict[str, Any], out: Path) -> float:
    """Seconds of video written."""
    edge = RecorderEdge(out)
    async with Agent(
        edge=edge, tts="local", avatar=face, on_avatar_failure="raise"
    ).join() as agent:
        await agent.say(TEXT)
    return edge.recorded_s


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--avatar", default="local")
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--height", type=int, default=720)
    parser.add_argument("--fps", type=int, default=30)
    given = parser.parse_args()
    face = {
        "name": given.avatar,
        "width": given.width,
        "height": given.height,
        "fps": given.fps,
    }
    best = 0.0
    for run in range(3):
        with tempfile.TemporaryDirectory() as folder:
            wall_s, cpu_s = time.perf_counter(), time.process_time()
            seconds = asyncio.run(render(face, Path(folder) / "talk.mp4"))
            wall_s, cpu_s = time.perf_counter() - wall_s, time.process_time() - cpu_s
        best = max(best, seconds / wall_s)
        print(
            f"run {run + 1}: {seconds:.1f} s of video in {wall_s:.1f} s, "
            f"{seconds / wall_s:.1f}x real time; {cpu_s / seconds:.2f} CPU seconds per second"
        )
    print(f"best {best:.1f}x real time; bar {BAR}x: {'ok' if best >= BAR else 'BELOW'}")


if __name__ == "__main__":
    main()
