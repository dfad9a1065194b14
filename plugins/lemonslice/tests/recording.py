"""What a recorded file holds of a call with markers."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np

from vision_agents.core.media import PcmData
from vision_agents.core.testing.markers import MarkerDetector, MarkerReport

RATE_HZ = 48_000
# An AAC encoder begins with a packet of nothing; the file keeps picture and sound together by
# beginning that much earlier.
PRIMING_S = 1024 / RATE_HZ


def read_markers(path: Path, *, fps: float, source_size: tuple[int, int]) -> MarkerReport:
    """Decode ``path`` and judge its markers; times are seconds from the start of the file."""
    detector = MarkerDetector(RATE_HZ, fps=fps, source_size=source_size)
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            pcm = PcmData.from_av_frame(frame)
            detector.push_audio(pcm, frame.time or 0.0)
    with av.open(str(path)) as container:
        for picture in container.decode(video=0):
            detector.push_video(picture, picture.time or 0.0)
    return detector.report()


def tail_after(cut_s: float, report: MarkerReport) -> float:
    """How long the utterance that was cut at ``cut_s`` of the recording goes on in the file."""
    cut_s += PRIMING_S
    spans = [(start, end) for start, end in report.utterances if start < cut_s]
    return max(0.0, spans[-1][1] - cut_s) if spans else float(np.inf)
