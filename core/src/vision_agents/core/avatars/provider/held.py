"""Media of a session that speaks before its turn, kept in the order in which they came."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from vision_agents.core.avatars.provider.policy import MAX_HELD_FRAMES, MAX_HELD_S

if TYPE_CHECKING:
    from collections.abc import Callable

    import av

    from vision_agents.core.media.pcm import PcmData


class Held:
    """Holds from the first loud sound on: the silence before it belongs to nobody.

    Beyond its bounds the oldest picture goes, and sound is refused.
    """

    def __init__(self) -> None:
        # Sound with the position it reaches; None stands for the next picture.
        self._media: deque[tuple[PcmData, float] | None] = deque()
        self._pictures: deque[av.VideoFrame] = deque()
        self._sound_s = 0.0

    def sound(self, pcm: PcmData, position_s: float, *, loud: bool) -> None:
        if (loud or self._sound_s) and self._sound_s < MAX_HELD_S:
            self._media.append((pcm, position_s))
            self._sound_s += pcm.duration

    def picture(self, frame: av.VideoFrame) -> None:
        if not self._sound_s:
            return
        if len(self._pictures) >= MAX_HELD_FRAMES:
            self._pictures.popleft()
            self._media.remove(None)
        self._pictures.append(frame)
        self._media.append(None)

    def pour(
        self, sound: Callable[[PcmData, float], None], picture: Callable[[av.VideoFrame], None]
    ) -> None:
        """Hand everything on, in order; then it is empty."""
        for entry in self._media:
            if entry is None:
                picture(self._pictures.popleft())
            else:
                sound(*entry)
        self.clear()

    def clear(self) -> None:
        self._media.clear()
        self._pictures.clear()
        self._sound_s = 0.0
