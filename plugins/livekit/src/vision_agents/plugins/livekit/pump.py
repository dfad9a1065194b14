"""Pushing what an agent publishes into LiveKit's sources, in time and with little in between."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import av
from aiortc.mediastreams import MediaStreamError

from livekit import rtc

from .frames import to_livekit_video
from .source import PacedSource

if TYPE_CHECKING:
    from aiortc import VideoStreamTrack

    from vision_agents.core.media.audio_stream import AudioOutputStream

PTIME_S = 0.02
# What the source holds ahead, so that an event loop that is busy for a moment makes no hole in
# speech. It counts as not yet heard and is cleared by a flush.
LEAD_S = 0.06


class AudioPump:
    """Feeds a source from ``stream``, 20 ms at a time, as fast as the source plays it.

    It is the stream's sink: it tells how much the source still holds, and empties it within a
    flush.
    """

    def __init__(self, stream: AudioOutputStream, *, rate_hz: int, channels: int = 1) -> None:
        self._source = PacedSource(rate_hz, channels, lead_s=LEAD_S)
        self._stream = stream
        self._rate_hz = rate_hz
        self._channels = channels

    @property
    def source(self) -> rtc.AudioSource:
        """What a track is made of."""
        return self._source.native

    def queued_s(self) -> float:
        """Seconds pushed and not yet sent."""
        return self._source.queued_s()

    def clear(self) -> None:
        """Throw them away, at once."""
        self._source.clear()

    async def run(self) -> None:
        """Push until cancelled."""
        samples = round(self._rate_hz * PTIME_S)
        self._stream.attach_sink(self)
        try:
            while True:
                # Pulled and pushed without a wait in between: a flush finds all of it.
                pcm = self._stream.pull(samples, self._rate_hz, time.monotonic(), self._channels)
                await self._source.push(pcm.samples.T.reshape(-1))
        finally:
            self._stream.attach_sink(None)

    async def close(self) -> None:
        """Release the source; ``run`` has ended."""
        await self._source.close()


class VideoPump:
    """Feeds one ``VideoSource`` from ``track``, each picture when the track says so."""

    def __init__(self, track: VideoStreamTrack) -> None:
        self._track = track
        self._first: av.VideoFrame | None = None
        self.size = (0, 0)
        self.source: rtc.VideoSource | None = None

    async def prepare(self) -> rtc.VideoSource:
        """Wait for the first picture, which decides the size."""
        self._first = await self._next()
        self.size = (self._first.width, self._first.height)
        self.source = rtc.VideoSource(*self.size)
        return self.source

    async def run(self) -> None:
        """Push until cancelled, or until the track has ended."""
        assert self.source is not None
        frame = self._first
        try:
            while True:
                outgoing = to_livekit_video(frame or await self._next())
                # Two copies of 0.2 ms each at 1080p, ours and the SDK's: not in one loop turn.
                await asyncio.sleep(0)
                self.source.capture_frame(outgoing)
                frame = self._first = None
        except MediaStreamError:
            return

    async def _next(self) -> av.VideoFrame:
        frame = await self._track.recv()
        assert isinstance(frame, av.VideoFrame)
        return frame

    async def close(self) -> None:
        """Release the source; ``run`` has ended."""
        if self.source is not None:
            await self.source.aclose()
