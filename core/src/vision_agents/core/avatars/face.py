"""What is on the screen while no new picture is due."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from vision_agents.core.media.frames import blank_frame, blend
from vision_agents.core.sync import policy

if TYPE_CHECKING:
    import av

__all__ = ["Face"]

_STILL_S = 1.0
"""Without a new picture for this long the face eases back to the idle picture."""


class Face:
    """Repeats the last picture; eases back to the idle one after a flush or when pictures stop."""

    def __init__(self, width: int, height: int) -> None:
        self.idle: av.VideoFrame | None = None
        self._size = width, height
        self._current: av.VideoFrame | None = None
        self._first: av.VideoFrame | None = None  # of all; until one is shown
        self._since_s = float("-inf")  # when it was shown first
        self._ease_from: av.VideoFrame | None = None
        self._ease_s = 0.0

    def offer(self, frame: av.VideoFrame) -> None:
        """A picture came: better than black, as long as none is due."""
        if self._current is None and self._first is None:
            self._first = frame

    def show(self, frame: av.VideoFrame, now_s: float) -> av.VideoFrame:
        self._first = None
        self._current, self._since_s, self._ease_from = frame, now_s, None
        return frame

    def ease(self, now_s: float) -> None:
        """Go back to the idle picture, softly."""
        if self.idle is not None and self._current is not None and self._current is not self.idle:
            self._ease_from, self._ease_s = self._current, now_s

    def is_still(self, now_s: float) -> bool:
        return now_s - self._since_s > _STILL_S

    async def again(self, now_s: float) -> av.VideoFrame:
        """The picture to repeat, or a step on the way to the idle one."""
        if self._current is None:
            self._current = self.idle or self._first or blank_frame(*self._size)
        if self._ease_from is None and self.is_still(now_s):
            self.ease(now_s)
        if self._ease_from is not None and self.idle is not None:
            share = (now_s - self._ease_s) / policy.EASE_S
            if share >= 1:
                return self.show(self.idle, now_s)
            begun = self._ease_from
            mixed = await asyncio.to_thread(blend, begun, self.idle, max(0.0, share))
            if self._ease_from is begun:
                self._current = mixed
        return self._current
