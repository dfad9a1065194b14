"""What a lossy transport lost of a sound, filled with silence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vision_agents.core.media.pcm import PcmData, as_pcm

if TYPE_CHECKING:
    from vision_agents.core.media.pcm import PcmLike

__all__ = ["GapFiller"]

MOST_S = 1.0


class GapFiller:
    """Keeps the sample count equal to media time where packets of a stream with pts are lost.

    Without it each lost packet would make everything after it early, against the picture and
    against what was sent. A leap of more than ``most_s``, or backwards, is a stream that began
    anew: nothing is filled.
    """

    def __init__(self, most_s: float = MOST_S) -> None:
        self._most_s = most_s
        self._next_s: float | None = None

    def push(self, sound: PcmLike) -> list[PcmData]:
        """``sound``, after the silence that is missing before it; no copy where nothing is."""
        pcm = as_pcm(sound)
        if pcm.pts is None or pcm.time_base is None:
            self._next_s = None
            return [pcm]
        begins_s = float(pcm.pts * pcm.time_base)
        missing_s = 0.0 if self._next_s is None else begins_s - self._next_s
        self._next_s = begins_s + pcm.duration
        missing = round(missing_s * pcm.sample_rate)
        if missing <= 0 or missing_s > self._most_s:
            return [pcm]
        shape = missing if pcm.channels == 1 else (pcm.channels, missing)
        silence = PcmData(
            pcm.sample_rate,
            pcm.format,
            np.zeros(shape, pcm.samples.dtype),
            pts=pcm.pts - round(missing_s / pcm.time_base),
            time_base=pcm.time_base,
            channels=pcm.channels,
        )
        return [silence, pcm]
