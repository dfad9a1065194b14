"""CPU per picture of our video encoders against aiortc's own, on an avatar's real pictures.

    python plugins/web/benchmarks/encoders.py [--avatar local] [--pictures 150]

Both are measured in the same process, in turns, so that the ratio holds on a busy machine.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from aiortc.codecs.h264 import H264Encoder
from aiortc.codecs.vpx import Vp8Encoder

from vision_agents.core import Agent
from vision_agents.core.edge.loopback import LoopbackEdge
from vision_agents.plugins.web.encoding import Governor, OurH264Encoder, OurVp8Encoder

if TYPE_CHECKING:
    import av
    from aiortc.codecs.base import Encoder

BPS = 2_500_000
TURNS = 5


async def pictures_of(avatar: str, count: int) -> list[av.VideoFrame]:
    """What the avatar shows while it speaks."""
    pictures: list[av.VideoFrame] = []
    edge = LoopbackEdge(on_video=lambda frame, _at_s: pictures.append(frame))
    agent = Agent(edge=edge, avatar=avatar, tts="local")
    async with agent.join():
        await agent.say("Peter Piper picked a peck of pickled peppers. " * 3)
    return pictures[:count]


def cpu_ms(make: Callable[[], Encoder], pictures: Iterable[av.VideoFrame]) -> float:
    """CPU milliseconds per picture, all threads together."""
    encoder = make()
    began_s, count = time.process_time(), 0
    for picture in pictures:
        encoder.encode(picture)
        count += 1
    return (time.process_time() - began_s) / count * 1000


def theirs(kind: type[Vp8Encoder] | type[H264Encoder]) -> Callable[[], Encoder]:
    """aiortc's encoder, at our bitrate as far as it goes."""

    def make() -> Encoder:
        encoder = kind()
        encoder.target_bitrate = BPS
        return encoder

    return make


def ours(kind: type[OurVp8Encoder] | type[OurH264Encoder]) -> Callable[[], Encoder]:
    """Our encoder at a fixed bitrate."""
    return lambda: kind(Governor(max_bps=BPS, min_bps=BPS))


def main() -> None:
    """Print one line per codec."""
    parser = argparse.ArgumentParser(description="CPU per picture of our encoders and aiortc's")
    parser.add_argument("--avatar", default="local")
    parser.add_argument("--pictures", type=int, default=150)
    options = parser.parse_args()
    pictures = asyncio.run(pictures_of(options.avatar, options.pictures))
    for name, stock, own in (
        ("VP8", theirs(Vp8Encoder), ours(OurVp8Encoder)),
        ("H.264", theirs(H264Encoder), ours(OurH264Encoder)),
    ):
        turns = [(cpu_ms(stock, pictures), cpu_ms(own, pictures)) for _ in range(TURNS)]
        stock_ms, own_ms = (statistics.median(column) for column in zip(*turns, strict=True))
        sys.stdout.write(
            f"{name}: aiortc {stock_ms:.1f} ms, ours {own_ms:.1f} ms of CPU per "
            f"{pictures[0].width}x{pictures[0].height} picture, ratio {own_ms / stock_ms:.2f}\n"
        )


if __name__ == "__main__":
    main()
