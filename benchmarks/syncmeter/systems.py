"""The systems under test, as a sender sees them."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable
from fractions import Fraction
from types import TracebackType
from typing import Any, Protocol

import av

from syncmeter.signal import OUTPUT_RATE_HZ, Samples


class System(Protocol):
    """A synchroniser with a provider in front and the two senders of a call behind."""

    async def write_video(self, frame: av.VideoFrame) -> None: ...
    async def write_audio(
        self, samples: Samples, rate_hz: int, pts_s: float | None = None
    ) -> None: ...
    async def flush(self) -> None: ...
    async def picture(self) -> av.VideoFrame:
        """The next published picture, when it leaves."""
        ...

    async def sound(self) -> Samples:
        """The next published 20 ms, 48 kHz mono, when they leave."""
        ...

    async def __aenter__(self) -> System: ...
    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class Ours:
    """``AVSynchronizer`` published as an edge does it: both tracks straight out of it."""

    def __init__(self, width: int, height: int, fps: int, max_queue: int) -> None:
        from vision_agents.core.avatars import AVSynchronizer
        from vision_agents.core.edge import OutboundAudioTrack
        from vision_agents.core.media.pcm import PcmData

        self._pcm = PcmData
        self._sync = AVSynchronizer(width, height, fps, max_queue)
        self._track = OutboundAudioTrack(self._sync.audio_output)

    async def write_video(self, frame: av.VideoFrame) -> None:
        await self._sync.write_video(frame)

    async def write_audio(self, samples: Samples, rate_hz: int, pts_s: float | None = None) -> None:
        pcm = self._pcm(rate_hz, "s16", samples)
        if pts_s is not None:
            pcm.pts, pcm.time_base = round(pts_s * rate_hz), Fraction(1, rate_hz)
        await self._sync.write_audio(pcm)

    async def flush(self) -> None:
        await self._sync.flush()

    async def picture(self) -> av.VideoFrame:
        return await self._sync.video_output.recv()

    async def sound(self) -> Samples:
        samples: Samples = (await self._track.recv()).to_ndarray()[0]
        return samples

    async def __aenter__(self) -> Ours:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._sync.close()


class Peer:
    """GetStream's vision-agents 0.6.9, published as its agent does it: a task drains the sound
    at once into getstream's own track. Only in an environment of its own."""

    def __init__(self, width: int, height: int, fps: int, max_queue: int) -> None:
        avatars: Any = importlib.import_module("vision_agents.core.avatars")
        tracks: Any = importlib.import_module("getstream.video.rtc.audio_track")
        pcm: Any = importlib.import_module("getstream.video.rtc.track_util")
        self._pcm = pcm.PcmData
        self._sync = avatars.AVSynchronizer(
            width=width, height=height, fps=fps, max_queue_size=max_queue
        )
        # Five minutes of buffer, as its edge's create_audio_track() has.
        self._track = tracks.AudioStreamTrack(
            audio_buffer_size_ms=300_000, sample_rate=OUTPUT_RATE_HZ, channels=1
        )
        self._draining: asyncio.Task[None] | None = None

    async def write_video(self, frame: av.VideoFrame) -> None:
        await self._sync.write_video(frame)

    async def write_audio(
        self,
        samples: Samples,
        rate_hz: int,
        pts_s: float | None = None,  # noqa: ARG002 - System's signature
    ) -> None:
        # Its synchroniser looks at no time stamp of the sound.
        pcm = self._pcm(sample_rate=rate_hz, format="s16", samples=samples, channels=1)
        await self._sync.write_audio(pcm)

    async def flush(self) -> None:
        await self._sync.flush()

    async def picture(self) -> av.VideoFrame:
        frame: av.VideoFrame = await self._sync.video_output.recv()
        return frame

    async def sound(self) -> Samples:
        samples: Samples = (await self._track.recv()).to_ndarray()[0]
        return samples

    async def _drain(self) -> None:
        async for item in self._sync.audio_output:
            data = getattr(item, "data", None)
            if data is not None:
                await self._track.write(data, final=getattr(item, "final", False))
            elif not hasattr(item, "data"):  # a flush
                await self._track.flush()

    async def __aenter__(self) -> Peer:
        self._draining = asyncio.create_task(self._drain())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._draining is not None
        self._draining.cancel()
        await asyncio.gather(self._draining, return_exceptions=True)
        self._sync.close()


SYSTEMS: dict[str, Callable[[int, int, int, int], System]] = {"ours": Ours, "peer": Peer}
"""Width, height, fps, most pictures waiting."""
