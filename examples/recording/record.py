"""Let the embedded avatar read a few lines into a video file, faster than it plays.

    python record.py lines.txt talk.mp4

Each line of the file is one utterance. What was spoken is printed with its time in the file, as a
first step to captions.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from vision_agents.core import Agent
from vision_agents.core.edge.recorder import RecorderEdge


async def record(lines: list[str], path: Path) -> None:
    edge = RecorderEdge(path)
    agent = Agent(edge=edge, tts="local", avatar={"name": "local", "width": 640, "height": 360})
    async with agent.join():
        for line in lines:
            began_s = edge.recorded_s
            spoken = await agent.say(line)
            print(f"{began_s:6.1f} s  {spoken.heard_text}")


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    lines = Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()
    asyncio.run(record([line for line in lines if line.strip()], Path(sys.argv[2])))


if __name__ == "__main__":
    main()
