"""``OutboundAudioTrack``: what an edge publishes of an audio stream over aiortc."""

from __future__ import annotations

import asyncio
import time
from fractions import Fraction
from typing import TYPE_CHECKING

from aiortc.mediastreams import AudioStreamTrack, MediaStreamError

from vision_agents.core.media.audio_stream import AudioSink

if TYPE_CHECKING:
    import av

    from vision_agents.core.media.audio_stream import AudioOutputStream

__all__ = ["AudioSink", "OutboundAudioTrack"]

_PTIME_S = 0.02
_GIVE_UP_S = 0.2
"""A consumer that was away longer than this starts a new grid instead of catching up."""


class OutboundAudioTrack(AudioStreamTrack):
    """An audio track over ``stream``: each ``recv()`` pulls one paced 20 ms frame.

    s16 at ``sample_rate``, silence while the stream has nothing. The track holds no sound, so a
    flush of the stream is heard within the frame under way. Frames lie on a 20 ms grid of the
    monotonic clock that begins with the first ``recv()``; after a pause the grid begins anew and
    the pts skips the pause.
    """

    _buffered_samples = 0  # a player that looks here for a queue finds none

    def __init__(
        self, stream: AudioOutputStream, *, sample_rate: int = 48_000, channels: int = 1
    ) -> None:
        super().__init__()
        self._stream = stream
        self._rate_hz, self._channels = sample_rate, channels
        self._samples = round(sample_rate * _PTIME_S)
        self._time_base = Fraction(1, sample_rate)
        self._next_s: float | None = None  # when the next frame is due
        self._pts = 0

    async def recv(self) -> av.AudioFrame:
        """The next 20 ms, when they are due.

        Raises:
            MediaStreamError: the track was stopped.
        """
        due_s = self._reserve(time.monotonic())
        pts, self._pts = self._pts, self._pts + self._samples
        wait_s = due_s - time.monotonic()
        if wait_s > 0:
            await asyncio.sleep(wait_s)
        if self.readyState != "live":
            raise MediaStreamError
        pcm = self._stream.pull(self._samples, self._rate_hz, due_s, self._channels)
        pcm.pts, pcm.time_base = pts, self._time_base
        return pcm.to_av_frame()

    def _reserve(self, now_s: float) -> float:
        """The moment of the next frame; taken before any wait, so consumers can share the track."""
        due_s = now_s if self._next_s is None else self._next_s
        away_s = now_s - due_s
        if away_s > _GIVE_UP_S:
            self._pts += round(away_s / _PTIME_S) * self._samples
            due_s = now_s
        self._next_s = due_s + self._samples / self._rate_hz
        return due_s
