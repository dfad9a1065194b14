"""Reading one subscribed track: a bounded queue, our frames out, a close that always ends."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from livekit import rtc

from .frames import to_av_frame, to_pcm

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    import av

    from vision_agents.core.media import PcmData

# The SDK's queues are unbounded unless told, and then keep the newest. Whoever reads here only
# enqueues, so that more than a few items waiting means a loop that stood still.
VIDEO_QUEUE_FRAMES = 30
AUDIO_QUEUE_FRAMES = 200  # of 10 ms
SAMPLE_RATE_HZ = 48_000  # Opus decodes to it: no resampling on the way
CLOSE_TIMEOUT_S = 2.0


async def read_video(track: rtc.Track, on_frame: Callable[[av.VideoFrame], None]) -> None:
    """Hand every picture of ``track`` to ``on_frame`` until cancelled; the newest win.

    ``on_frame`` runs on the event loop and owns the frame; it must only enqueue.
    """
    stream = rtc.VideoStream(track, capacity=VIDEO_QUEUE_FRAMES, format=rtc.VideoBufferType.I420)
    try:
        async for event in stream:
            on_frame(to_av_frame(event.frame, event.timestamp_us))
    finally:
        await _bounded(stream.aclose())


async def read_audio(
    track: rtc.Track, on_pcm: Callable[[PcmData], None], *, channels: int = 1
) -> None:
    """Hand the sound of ``track`` to ``on_pcm`` in pieces of 10 ms until cancelled.

    LiveKit's audio carries no timestamps: the moment of arrival is all there is.
    """
    stream = rtc.AudioStream(
        track, capacity=AUDIO_QUEUE_FRAMES, sample_rate=SAMPLE_RATE_HZ, num_channels=channels
    )
    try:
        async for event in stream:
            on_pcm(to_pcm(event.frame))
    finally:
        await _bounded(stream.aclose())


async def _bounded(closing: Coroutine[Any, Any, None]) -> None:
    """Wait for the SDK's close, which waits for an end-of-stream that a dead room never sends."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(CLOSE_TIMEOUT_S):
            await closing
