"""A take in the file's own time: as fast as it can be drawn and encoded."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, cast

from vision_agents.core.edge.take import DEFAULT_FPS, PACKET_S, RATE_HZ, SAMPLES, TAIL_S, Piece

if TYPE_CHECKING:
    import av
    from aiortc import VideoStreamTrack

    from vision_agents.core.media.audio_stream import AudioOutputStream
    from vision_agents.core.media.pcm import PcmData

__all__ = ["OfflineTake"]

# How long a source may take to make the next piece of silence.
TAIL_PATIENCE_S = 0.2


class OfflineTake:
    """Takes what is published at the pace of whoever asks; silence between utterances is left out.

    The time is the sound's, so there must be some.
    """

    def __init__(
        self, audio: AudioOutputStream, video: VideoStreamTrack | None, fps: float | None
    ) -> None:
        self.fps = fps or getattr(video, "fps", None) or DEFAULT_FPS
        self._audio = audio
        self._video = video
        self._packets = 0
        self._shown = 0
        self._patience_s = TAIL_PATIENCE_S
        self._quiet_s = TAIL_S  # nothing is recorded before the first word
        audio.use_offline_clock()

    async def next(self, stopping: asyncio.Event) -> Piece | None:
        while True:
            if self._audio.playback.current is not None:
                self._quiet_s, self._patience_s = 0.0, TAIL_PATIENCE_S
                pcm = await self._pull()
            elif self._quiet_s < TAIL_S:
                pcm = await self._tail()
            elif await self._more_to_come(stopping):
                continue
            else:
                return None
            if pcm is None:
                return None
            self._packets += 1
            return Piece(pcm, await self._pictures())

    async def close(self) -> None:
        """Nothing reads by itself here."""

    async def _pictures(self) -> list[tuple[av.VideoFrame, float]]:
        """The pictures that begin within the sound just taken."""
        pictures: list[tuple[av.VideoFrame, float]] = []
        while self._video is not None and self._shown / self.fps < self._packets * PACKET_S:
            frame = cast("av.VideoFrame", await self._video.recv())
            pictures.append((frame, self._shown / self.fps))
            self._shown += 1
        return pictures

    async def _tail(self) -> PcmData | None:
        """Silence behind the last word, in which the mouth closes."""
        self._quiet_s += PACKET_S
        began_s = time.monotonic()
        patience_s = self._patience_s
        pcm = await self._pull(patience_s)
        if time.monotonic() - began_s >= patience_s:
            self._patience_s = 0.001  # a source that makes no silence: it is not asked again
        return pcm

    async def _pull(self, patience_s: float | None = None) -> PcmData | None:
        return await self._audio.pull_offline(SAMPLES, RATE_HZ, patience_s=patience_s)

    async def _more_to_come(self, stopping: asyncio.Event) -> bool:
        """Wait for the next utterance; False when the recording is stopped before."""
        waits = {
            asyncio.ensure_future(self._audio.playback.wait_owed()),
            asyncio.ensure_future(stopping.wait()),
        }
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.wait(waits)
        return not stopping.is_set()
