"""Matching what was heard with what was seen: how far picture and sound lie apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vision_agents.core.media.pcm import PcmData
from vision_agents.core.testing.markers.code import read_code
from vision_agents.core.testing.markers.received import ReceivedPictures, ReceivedSound

if TYPE_CHECKING:
    import av
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class MarkerReport:
    """What a receiver got. Offsets are picture minus sound in milliseconds: positive is picture
    late."""

    offsets: dict[int, list[float]]
    """Of each marker number, in the order heard."""
    missing_pictures: list[int]
    """Markers heard whose picture never showed."""
    missing_sounds: list[int]
    """Markers seen whose burst was not heard."""
    gaps: list[tuple[float, float]]
    """``(when, how long)`` of silence inside utterances, seconds."""
    utterances: list[tuple[float, float]]
    """``(start, end)`` of each utterance heard, seconds."""
    pictures: int
    """Pictures decoded."""
    unreadable: int
    """Pictures in which no valid code was found."""
    heard: list[tuple[float, int]]
    """``(when, marker)`` of each burst heard, in order."""
    timeline: tuple[tuple[float, float], ...] = ()
    """``(when heard, offset in ms)`` of each marker, in the order heard."""

    @property
    def all_offsets(self) -> list[float]:
        return [offset for of_one in self.offsets.values() for offset in of_one]

    @property
    def median_ms(self) -> float:
        return float(np.median(self.all_offsets))

    def p95_ms(self, relative_to_ms: float = 0.0) -> float:
        """95th percentile of the distance from ``relative_to_ms``, a control pair's median."""
        return float(np.percentile(np.abs(np.array(self.all_offsets) - relative_to_ms), 95))


class MarkerDetector:
    """Collects received sound and pictures, each with its time on one clock; then judges.

    ``rate_hz`` is the rate of the sound pushed; ``source_size`` the size the renderer drew,
    needed only where the picture was letterboxed; ``fps`` the renderer's.
    """

    def __init__(
        self, rate_hz: int, *, fps: float = 30, source_size: tuple[int, int] | None = None
    ) -> None:
        self._rate_hz = rate_hz
        self._source_size = source_size
        self._sound = ReceivedSound(rate_hz)
        self._pictures = ReceivedPictures(fps)
        self._unreadable = 0

    def push_audio(self, samples: PcmData | NDArray[Any], t_s: float) -> None:
        """Received sound, mono; ``t_s`` is when its first sample is heard."""
        pcm = (
            samples if isinstance(samples, PcmData) else PcmData.from_numpy(samples, self._rate_hz)
        )
        self._sound.add(pcm.to_int16().resample(self._rate_hz, 1).samples, t_s)

    def push_video(self, frame: av.VideoFrame, t_s: float) -> None:
        """A received picture, shown at ``t_s``; it is read at once and not kept."""
        code = read_code(frame, self._source_size or (frame.width, frame.height))
        if code is None:
            self._unreadable += 1
        else:
            self._pictures.add(code, t_s)

    def report(self) -> MarkerReport:
        """Judge what was pushed so far."""
        sound = self._sound.judge()
        seen = self._pictures.flashes()
        offsets: dict[int, list[float]] = {}
        timeline: list[tuple[float, float]] = []
        missing_pictures = []
        for at_s, marker in sound.heard:
            flash = _nearest(seen.get(marker, []), at_s)
            if flash is None:
                missing_pictures.append(marker)
            else:
                offsets.setdefault(marker, []).append((flash - at_s) * 1000)
                timeline.append((at_s, (flash - at_s) * 1000))
        names = {marker for _, marker in sound.heard}
        missing_sounds = [marker for marker in seen if marker not in names]
        return MarkerReport(
            offsets, missing_pictures, missing_sounds, sound.gaps, sound.utterances,
            len(self._pictures), self._unreadable, sound.heard, tuple(timeline),
        )  # fmt: skip


def _nearest(times: list[float], at_s: float, within_s: float = 5.0) -> float | None:
    near = [t for t in times if abs(t - at_s) <= within_s]
    return min(near, key=lambda t: abs(t - at_s)) if near else None
