"""Our ``PcmData`` answers as getstream's does, so that code written for theirs reads ours."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from getstream.video.rtc.track_util import PcmData as TheirPcmData

from vision_agents.core.media import PcmData, as_pcm

if TYPE_CHECKING:
    from numpy.typing import NDArray

RATE_HZ = 16_000
MONO: NDArray[np.int16] = (np.arange(1000) * 7 % 2000 - 1000).astype(np.int16)
STEREO: NDArray[np.int16] = np.stack([MONO, MONO[::-1]])
FLOAT: NDArray[np.float32] = (MONO / 32768).astype(np.float32)

CASES: dict[str, dict[str, Any]] = {
    "mono s16": {"samples": MONO, "format": "s16", "channels": 1},
    "stereo s16": {"samples": STEREO, "format": "s16", "channels": 2},
    "mono f32": {"samples": FLOAT, "format": "f32", "channels": 1},
}


def full_windows(pcm: Any, *, window_ms: float, hop_ms: float) -> list[NDArray[Any]]:
    """Theirs ends with one more, short window, which repeats the end of the one before it."""
    size = int(RATE_HZ * window_ms / 1000)
    windows = [window.samples for window in pcm.sliding_window(window_ms, hop_ms)]
    return [samples for samples in windows if samples.shape[-1] == size]


# What users call; each is asked of both and must answer the same.
QUESTIONS: dict[str, Callable[[Any], Any]] = {
    "duration": lambda pcm: pcm.duration,
    "duration_ms": lambda pcm: pcm.duration_ms,
    "pts_seconds": lambda pcm: pcm.pts_seconds,
    "stereo": lambda pcm: pcm.stereo,
    "empty": lambda pcm: pcm.empty,
    "to_bytes": lambda pcm: pcm.to_bytes(),
    "to_int16": lambda pcm: pcm.to_int16().samples,
    "to_float32": lambda pcm: pcm.to_float32().samples,
    "chunks": lambda pcm: [c.samples for c in pcm.chunks(300)],
    "chunks padded": lambda pcm: [c.samples for c in pcm.chunks(300, pad_last=True)],
    "chunks overlapping": lambda pcm: [c.samples for c in pcm.chunks(300, overlap=100)],
    "sliding_window": lambda pcm: full_windows(pcm, window_ms=20, hop_ms=10),
    "head": lambda pcm: pcm.head(0.01).samples,
    "tail": lambda pcm: pcm.tail(0.01).samples,
    "copy": lambda pcm: pcm.copy().samples,
    "resample, length": lambda pcm: pcm.resample(RATE_HZ).samples.shape,
    "append": lambda pcm: pcm.copy().append(pcm).samples,
}


def both(case: str) -> tuple[PcmData, Any]:
    arguments = {**CASES[case], "sample_rate": RATE_HZ, "pts": 320, "time_base": 1 / RATE_HZ}
    time_base = Fraction(1, RATE_HZ)
    return PcmData(**{**arguments, "time_base": time_base}), TheirPcmData(**arguments)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("question", QUESTIONS)
def test_answers_alike(case: str, question: str) -> None:
    ours, theirs = both(case)
    assert_same(QUESTIONS[question](ours), QUESTIONS[question](theirs))


def assert_same(ours: Any, theirs: Any) -> None:
    if isinstance(theirs, list):
        assert len(ours) == len(theirs)
        for one, other in zip(ours, theirs, strict=True):
            assert_same(one, other)
    elif isinstance(theirs, np.ndarray):
        # Theirs truncates where ours rounds to the nearest sample value.
        np.testing.assert_allclose(ours, theirs, atol=1 if theirs.dtype.kind == "i" else 1e-6)
        assert ours.dtype == theirs.dtype
    elif isinstance(theirs, float):
        assert ours == pytest.approx(theirs)
    else:
        assert ours == theirs


def test_bytes_become_the_same_samples() -> None:
    for channels, samples in ((1, MONO), (2, STEREO)):
        data = TheirPcmData(
            sample_rate=RATE_HZ, format="s16", samples=samples, channels=channels
        ).to_bytes()
        ours = PcmData.from_bytes(data, sample_rate=RATE_HZ, format="s16", channels=channels)
        theirs = TheirPcmData.from_bytes(data, sample_rate=RATE_HZ, format="s16", channels=channels)
        assert_same(ours.samples, theirs.samples)


@pytest.mark.parametrize("case", CASES)
def test_theirs_becomes_ours(case: str) -> None:
    ours, theirs = both(case)
    taken = as_pcm(theirs)
    assert isinstance(taken, PcmData)
    assert (taken.sample_rate, taken.format, taken.channels) == (
        ours.sample_rate, ours.format, ours.channels,
    )  # fmt: skip
    assert taken.pts == ours.pts
    assert_same(taken.samples, theirs.samples)


@pytest.mark.parametrize("rate_hz", [8_000, 24_000, 44_100, 48_000])
def test_resampling_keeps_the_length_theirs_has(rate_hz: int) -> None:
    ours, theirs = both("mono s16")
    got = ours.resample(rate_hz).samples.shape[-1]
    assert got == pytest.approx(theirs.resample(rate_hz).samples.shape[-1], abs=2)
