"""Even pictures and even sound to write to a synchroniser, with or without a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from fractions import Fraction

import av
import numpy as np

from vision_agents.core.media.frames import blank_frame, planes
from vision_agents.core.media.pcm import PcmData

W, H = 64, 48


def picture(grey: int, size: tuple[int, int] = (W, H), pts_s: float | None = None) -> av.VideoFrame:
    frame = blank_frame(*size)
    planes(frame)[0][:] = grey
    if pts_s is not None:
        frame.pts, frame.time_base = round(pts_s * 90_000), Fraction(1, 90_000)
    return frame


def grey(frame: av.VideoFrame) -> int:
    return int(planes(frame)[0][H // 2, W // 2])


def sound(seconds: float, value: int = 500, pts_s: float | None = None) -> PcmData:
    pcm = PcmData(48_000, "s16", np.full(round(seconds * 48_000), value, np.int16))
    if pts_s is not None:
        pcm.pts, pcm.time_base = round(pts_s * 48_000), Fraction(1, 48_000)
    return pcm


@asynccontextmanager
async def running(work: Coroutine[object, object, None]) -> AsyncIterator[None]:
    """Let ``work`` go on beside the block, and no longer."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
