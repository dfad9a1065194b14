"""What a lossy transport lost of a sound, concealed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from vision_agents.core.media.pcm import PcmData, as_pcm

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vision_agents.core.media.pcm import PcmLike

__all__ = ["GapFiller"]

MOST_S = 1.0
FADE_S = 0.2
"""A lost word is better faint than made up: concealment is silent after this long."""


class GapFiller:
    """Keeps the sample count equal to media time where packets of a stream with pts are lost.

    Without it each lost packet would make everything after it early, against the picture and
    against what was sent. What is missing is concealed by the sound before it, mirrored and faded
    out, so that a single lost packet is no click and no pause. A leap of more than ``most_s``, or
    backwards, is a stream that began anew: nothing is filled.
    """

    def __init__(self, most_s: float = MOST_S) -> None:
        self._most_s = most_s
        self._next_s: float | None = None
        self._last: PcmData | None = None

    def push(self, sound: PcmLike) -> list[PcmData]:
        """``sound``, after what is missing before it; no copy where nothing is."""
        pcm = as_pcm(sound)
        last, self._last = self._last, pcm
        if pcm.pts is None or pcm.time_base is None:
            self._next_s = None
            return [pcm]
        begins_s = float(pcm.pts * pcm.time_base)
        missing_s = 0.0 if self._next_s is None else begins_s - self._next_s
        self._next_s = begins_s + pcm.duration
        missing = round(missing_s * pcm.sample_rate)
        if missing <= 0 or missing_s > self._most_s or last is None:
            return [pcm]
        concealed = PcmData(
            pcm.sample_rate,
            pcm.format,
            _concealment(last, missing),
            pts=pcm.pts - round(missing_s / pcm.time_base),
            time_base=pcm.time_base,
            channels=pcm.channels,
        )
        return [concealed, pcm]


def _concealment(last: PcmData, samples: int) -> NDArray[Any]:
    """``samples`` that go on from ``last``: it backwards, forwards and so on, ever fainter."""
    mirrored = np.concatenate((last.samples[..., ::-1], last.samples), axis=-1)
    repeats = -(-samples // mirrored.shape[-1])
    tiled = np.tile(mirrored, repeats)[..., :samples]
    fade = 1.0 - np.arange(samples) / (FADE_S * last.sample_rate)
    return (tiled * np.clip(fade, 0.0, None)).astype(last.samples.dtype)
