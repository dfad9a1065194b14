"""``AVSynchronizer``: pictures and sound in as they come, in step out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from vision_agents.core.avatars.tracks import QueuedVideoTrack
from vision_agents.core.media.audio_stream import AudioOutputChunk, AudioOutputStream
from vision_agents.core.media.frames import FrameFitter, blank_frame
from vision_agents.core.media.pcm import as_pcm

if TYPE_CHECKING:
    import av

    from vision_agents.core.media.pcm import PcmLike
    from vision_agents.core.sync.report import SyncReport


class AVSynchronizer:
    """First version: the newest picture, the oldest sound."""

    def __init__(
        self,
        width: int = 1920,
        height: int = 1080,
        fps: float = 30,
        max_queue_size: int = 30,
        *,
        trim_ms: float = 0.0,
        receive_skew_s: float = 0.0,
        shared_timeline: bool = False,
    ) -> None:
        self._fitter = FrameFitter(width, height)
        self._frame = blank_frame(width, height)
        self._idle: av.VideoFrame | None = None
        self.audio_output = AudioOutputStream()
        self.video_output = QueuedVideoTrack(self, width, height, fps)

    async def picture(self, tick_s: float) -> tuple[av.VideoFrame, float]:
        return self._frame, 0.0

    async def write_video(self, frame: av.VideoFrame) -> None:
        if not self._fitter.fits(frame):
            frame = await asyncio.to_thread(self._fitter.fit, frame)
        self._frame = frame

    def write_video_nowait(self, frame: av.VideoFrame) -> None:
        self._frame = self._fitter.fit(frame)

    async def write_audio(self, pcm: PcmLike) -> None:
        await self.audio_output.send(AudioOutputChunk(as_pcm(pcm)))

    def write_audio_nowait(self, pcm: PcmLike) -> bool:
        self.audio_output.send_nowait(AudioOutputChunk(as_pcm(pcm)))
        return True

    def set_idle_frame(self, frame: av.VideoFrame | None) -> None:
        self._idle = frame

    async def wait_for_demand(self, lead_s: float = 0.1) -> None:
        while self.audio_output.buffered >= lead_s:
            await asyncio.sleep(0.01)

    async def flush(self) -> None:
        self.audio_output.cut()
        if self._idle is not None:
            self._frame = self._idle

    def new_source(self) -> None:
        """The next media come from another source."""

    def on_report(self, callback: Callable[[SyncReport], None]) -> Callable[[], None]:
        return self.audio_output.on_report(callback)

    def close(self) -> None:
        self.audio_output.close()
        self.video_output.stop()
