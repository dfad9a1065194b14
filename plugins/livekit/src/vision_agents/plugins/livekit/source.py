"""LiveKit's audio source, with a queue whose depth is known."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING

from livekit import rtc

from .frames import to_livekit_audio

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# How much more than what we mean to hold fits into the native queue.
_SLACK_S = 0.02
# So many pushes in a row that each had to wait for their own length of room: the queue is full.
_FULL_AFTER = 3
_TOLERANCE = 0.4
# A push that took this long found the native side standing still, as it does in a reconnect.
_STOOD_STILL_S = 0.1


class PacedSource:
    """Takes sound ahead of time, ``lead_s`` of it, and says how much of it has not left yet.

    The SDK's own ``queued_duration`` counts on the native side to play from the first push on. It
    starts later, and everything after lies in the queue for that much longer (40 ms were seen),
    while pictures do not. So the queue is filled at first, until pushes come back no faster than
    sound is played; from then on its depth is a matter of the clock. A clear makes it nothing.
    """

    def __init__(self, rate_hz: int, channels: int = 1, *, lead_s: float) -> None:
        self._lead_s = lead_s
        self._size_s = lead_s + _SLACK_S
        self._rate_hz = rate_hz
        self._channels = channels
        self._depth_s = 0.0
        self._at_s = time.monotonic()
        self._known = False
        self._full = 0
        self._cleared = asyncio.Event()
        self.native = rtc.AudioSource(rate_hz, channels, queue_size_ms=round(self._size_s * 1000))

    async def push(self, samples: NDArray[np.int16]) -> None:
        """Hand over interleaved ``samples``; returns when ``lead_s`` or less waits in the queue.

        What is handed over is in the queue at once, before the first wait. A clear ends the wait:
        the less time the source is empty, the less its listeners' jitter buffers notice.
        """
        self._cleared.clear()
        begun_s = time.monotonic()
        length_s = samples.size / self._channels / self._rate_hz
        self._set(self.queued_s() + length_s, begun_s)
        await self.native.capture_frame(to_livekit_audio(samples, self._rate_hz, self._channels))
        if self._cleared.is_set():
            return
        self._learn(time.monotonic() - begun_s, length_s)
        ahead_s = self.queued_s() - self._lead_s
        if self._known and ahead_s > 0:
            # Not wait_for: on Python 3.11 it loses a cancellation that comes right after a clear.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(ahead_s):
                    await self._cleared.wait()

    def queued_s(self) -> float:
        """Seconds handed over that have not left yet."""
        return max(0.0, self._depth_s - (time.monotonic() - self._at_s))

    def clear(self) -> None:
        """Throw away what has not left, at once."""
        self.native.clear_queue()
        self._cleared.set()
        self._known = True
        self._set(0.0, time.monotonic())

    async def close(self) -> None:
        """Release the native source; nothing is pushed any more."""
        await self.native.aclose()

    def _learn(self, waited_s: float, length_s: float) -> None:
        """Take from how long a push waited whether the queue is full."""
        if self._known:
            self._known = waited_s < _STOOD_STILL_S
            self._full = 0
            return
        self._set(min(self.queued_s(), self._size_s), time.monotonic())
        in_step = abs(waited_s - length_s) < _TOLERANCE * length_s
        self._full = self._full + 1 if in_step else 0
        if self._full == _FULL_AFTER:
            self._known = True
            self._set(self._size_s, time.monotonic())

    def _set(self, depth_s: float, at_s: float) -> None:
        self._depth_s, self._at_s = depth_s, at_s
