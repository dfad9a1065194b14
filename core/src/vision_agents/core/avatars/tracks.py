"""``QueuedVideoTrack``: the paced picture track that a synchroniser publishes."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Protocol

from aiortc import VideoStreamTrack
from aiortc.mediastreams import MediaStreamError

from vision_agents.core.media.frames import FrameStamper

if TYPE_CHECKING:
    import av

__all__ = ["PictureSource", "QueuedVideoTrack"]

_CLOCK_HZ = 90_000


class PictureSource(Protocol):
    """Where a track gets its pictures."""

    async def picture(self, tick_s: float) -> tuple[av.VideoFrame, float]:
        """The picture for ``tick_s`` and how many seconds later the next tick had better come."""
        ...

    @property
    def offline_start_s(self) -> float | None:
        """Where an offline reader of the sound began; None in a live call."""
        ...


class QueuedVideoTrack(VideoStreamTrack):
    """Hands out one picture per tick of ``fps``, repeating the last while no new one is due.

    Each ``recv()`` returns a new frame object (the picture memory is shared, so treat it as read
    only) with a 90 kHz pts on the monotonic clock. A consumer that pauses continues on the same
    grid, without a burst. Several consumers share the ticks; give each all pictures through
    ``aiortc.contrib.media.MediaRelay``.
    """

    def __init__(self, source: PictureSource, width: int, height: int, fps: float) -> None:
        super().__init__()
        self.fps = fps
        self._source = source
        self._interval_s = 1 / fps
        self._stamper = FrameStamper(width, height)
        self._first_s: float | None = None
        self._next_s = 0.0

    async def recv(self) -> av.VideoFrame:
        """The next picture, when its tick comes.

        Raises:
            MediaStreamError: the track was stopped.
        """
        if (start_s := self._source.offline_start_s) is not None:
            return await self._recv_offline(start_s)
        tick_s = self._reserve(time.monotonic())
        wait_s = tick_s - time.monotonic()
        if wait_s > 0:
            await asyncio.sleep(wait_s)
        if self.readyState != "live":
            raise MediaStreamError
        picture, correction_s = await self._source.picture(tick_s)
        self._next_s += correction_s
        assert self._first_s is not None
        return self._stamper.stamp(picture, round((tick_s - self._first_s) * _CLOCK_HZ))

    async def _recv_offline(self, start_s: float) -> av.VideoFrame:
        """Offline, ticks follow each other at once, the first where the sound began; whoever
        reads keeps them beside the sound."""
        if self._first_s is None:
            self._first_s = self._next_s = start_s
        if self.readyState != "live":
            raise MediaStreamError
        tick_s, self._next_s = self._next_s, self._next_s + self._interval_s
        picture, _ = await self._source.picture(tick_s)
        return self._stamper.stamp(picture, round((tick_s - self._first_s) * _CLOCK_HZ))

    def _reserve(self, now_s: float) -> float:
        """The moment of the next tick; taken before any wait, so consumers can share the track."""
        if self._first_s is None:
            self._first_s = self._next_s = now_s
        missed = (now_s - self._next_s) // self._interval_s
        if missed > 0:
            self._next_s += missed * self._interval_s
        tick_s = self._next_s
        self._next_s += self._interval_s
        return tick_s

    @property
    def stopped(self) -> bool:
        return self.readyState != "live"
