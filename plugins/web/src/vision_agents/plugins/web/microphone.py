"""What a page's microphone picks up, as PCM."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from aiortc.mediastreams import MediaStreamError

from vision_agents.core.media.pcm import PcmData
from vision_agents.core.media.resample import Resampler

if TYPE_CHECKING:
    from aiortc import MediaStreamTrack
    from av.audio.frame import AudioFrame

    from vision_agents.core.edge.call import Participant

RATE_HZ = 48_000


class Microphone:
    """Reads a received track from its first packet on, so that aiortc's queue never grows."""

    def __init__(
        self,
        track: MediaStreamTrack,
        participant: Participant,
        heard: Callable[[PcmData], None],
    ) -> None:
        """``heard`` gets mono signed 16-bit sound at 48 kHz, as it comes; it must not block."""
        self._track = track
        self._participant = participant
        self._heard = heard
        self._task = asyncio.create_task(self._read(), name="web-microphone")

    async def close(self) -> None:
        """Stop reading; idempotent."""
        self._track.stop()
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _read(self) -> None:
        # Opus is decoded to two channels whatever the microphone has.
        mono = Resampler(RATE_HZ, channels=1)
        while True:
            try:
                frame = cast("AudioFrame", await self._track.recv())
            except MediaStreamError:
                return
            pcm = mono.push(PcmData.from_av_frame(frame))
            pcm.participant = self._participant
            self._heard(pcm)
