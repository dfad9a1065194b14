"""Make the README's picture from what an agent publishes: ``python docs/make_picture.py``."""

from __future__ import annotations

import asyncio
import tempfile
from itertools import islice
from pathlib import Path

import av

from vision_agents.core import Agent
from vision_agents.core.edge.recorder import RecorderEdge

TEXT = "Hello! Everything you hear, you also see me say."
# An open mouth and open eyes, chosen by looking; another sentence or face needs another one.
MOMENT = 19
PICTURE = Path(__file__).with_name("avatar.jpg")
WIDTH, HEIGHT = 960, 540


async def record(path: Path) -> None:
    agent = Agent(edge=RecorderEdge(path), tts="local", avatar="local")
    async with agent.join():
        await agent.say(TEXT)


def save(frame: av.VideoFrame, path: Path) -> None:
    with av.open(str(path), "w", format="image2") as output:
        stream = output.add_stream("mjpeg", options={"qmin": "2", "qmax": "4"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuvj420p"
        small = frame.reformat(
            WIDTH, HEIGHT, "yuvj420p", dst_color_range="JPEG", interpolation="LANCZOS"
        )
        small.pts = None
        output.mux(stream.encode(small))
        output.mux(stream.encode())


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        video = Path(folder) / "hello.mp4"
        asyncio.run(record(video))
        with av.open(str(video)) as recording:
            (frame,) = islice(recording.decode(video=0), MOMENT, MOMENT + 1)
            save(frame, PICTURE)


if __name__ == "__main__":
    main()
