"""A take in real time: what a viewer of the call would have seen and heard, and when."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import TYPE_CHECKING, cast

import numpy as np

from vision_agents.core.edge.take import DEFAULT_FPS, PACKET_S, RATE_HZ, SAMPLES, TAIL_S, Piece
from vision_agents.core.media.pcm import PcmData

if TYPE_CHECKING:
    import av
    from aiortc import VideoStreamTrack

    from vision_agents.core.media.audio_stream import AudioOutputStream

__all__ = ["LiveTake"]

# Later than this, an event loop that stood still does not catch up: what nobody pulled was not
# heard either, and silence stands for it.
GIVE_UP_S = 0.2
MAX_SILENCE_S = 1.0  # in one piece
# Pictures shown since the last 20 ms of sound; more only after the event loop stood still.
MAX_PICTURES = 30


class LiveTake:
    """Takes 20 ms of sound every 20 ms, and each picture at the moment it is shown.

    The file begins with the first picture, or where there is none with the first sound.
    """

    def __init__(
        self, audio: AudioOutputStream, video: VideoStreamTrack | None, fps: float | None
    ) -> None:
        self.fps = fps or getattr(video, "fps", None) or DEFAULT_FPS
        self._audio = audio
        self._pictures: deque[tuple[av.VideoFrame, float]] = deque(maxlen=MAX_PICTURES)
        self._begun_s: float | None = None
        self._due_s = 0.0
        self._quiet_s = TAIL_S
        self._watching: asyncio.Task[None] | None = None
        if video is not None:
            self._watching = asyncio.create_task(self._watch(video), name="recorder watches")

    async def next(self, stopping: asyncio.Event) -> Piece | None:
        begun_s = await self._begin(stopping)
        if begun_s is None:
            return None
        await asyncio.sleep(self._due_s - time.monotonic())
        if stopping.is_set() and self._quiet_s >= TAIL_S:
            return None
        if self._watching is not None and self._watching.done() and not self._pictures:
            self._watching.result()  # raises what the track did
        pcm = self._sound(time.monotonic())
        self._due_s += pcm.duration
        shown = [(frame, shown_s - begun_s) for frame, shown_s in self._pictures]
        self._pictures.clear()
        return Piece(pcm, shown)

    async def close(self) -> None:
        watching, self._watching = self._watching, None
        if watching is not None:
            watching.cancel()
            await asyncio.wait({watching})

    async def _begin(self, stopping: asyncio.Event) -> float | None:
        """When the file began; None where it is stopped before its first picture."""
        if self._begun_s is None:
            await self._first_picture(stopping)
            if stopping.is_set():
                return None
            begun_s = self._pictures[0][1] if self._pictures else time.monotonic()
            self._begun_s = self._due_s = begun_s
        return self._begun_s

    async def _first_picture(self, stopping: asyncio.Event) -> None:
        """Wait for it; also over when the track ends without one."""
        while self._watching is not None and not self._pictures:
            if self._watching.done() or stopping.is_set():
                return
            await asyncio.sleep(PACKET_S)

    def _sound(self, now_s: float) -> PcmData:
        speaking = self._audio.playback.current is not None
        self._quiet_s = 0.0 if speaking else self._quiet_s + PACKET_S
        missed_s = now_s - self._due_s
        if missed_s > GIVE_UP_S:
            samples = round(min(missed_s, MAX_SILENCE_S) * RATE_HZ)
            return PcmData(RATE_HZ, "s16", np.zeros(samples, np.int16))
        return self._audio.pull(SAMPLES, RATE_HZ, self._due_s)

    async def _watch(self, video: VideoStreamTrack) -> None:
        from aiortc import MediaStreamError  # loaded by whoever made the track

        while True:
            try:
                frame = cast("av.VideoFrame", await video.recv())
            except MediaStreamError:
                return
            self._pictures.append((frame, time.monotonic()))
