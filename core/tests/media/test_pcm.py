"""PCM of every shape comes in by one door; conversions say no when they must."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vision_agents.core.media import PcmData, Resampler, as_pcm
from vision_agents.core.media.timestamps import PtsReader


class Format(Enum):
    S16 = "s16"


@dataclass
class Foreign:
    """PCM as another library has it."""

    samples: Any
    sample_rate: int = 16_000
    format: Any = Format.S16
    channels: int = 1


def test_foreign_pcm_is_recognised_by_its_attributes() -> None:
    samples = np.arange(8, dtype=np.int16)
    assert np.shares_memory(as_pcm(Foreign(samples)).samples, samples)
    stereo = as_pcm(Foreign(samples, channels=2))
    assert stereo.samples.tolist() == [[0, 2, 4, 6], [1, 3, 5, 7]]
    own = PcmData(16_000, "s16", samples)
    assert as_pcm(own) is own


@pytest.mark.parametrize("layout", ["mono", "stereo"])
@pytest.mark.parametrize("format", ["s16", "s16p", "flt", "fltp"])
def test_av_frames_come_in_and_go_out(layout: str, format: str) -> None:
    channels = 1 if layout == "mono" else 2
    packed = format in ("s16", "flt")
    shape = (1, 20 * channels) if packed else (channels, 20)
    dtype = np.int16 if format.startswith("s16") else np.float32
    samples: Any = (np.arange(20 * channels) / 64).astype(dtype).reshape(shape)
    frame = av.AudioFrame.from_ndarray(samples, format=format, layout=layout)
    frame.sample_rate, frame.pts, frame.time_base = 24_000, 960, Fraction(1, 24_000)
    pcm = as_pcm(frame)
    assert (len(pcm), pcm.channels, pcm.pts_seconds) == (20, channels, 0.04)
    again = as_pcm(pcm.to_av_frame())
    assert (again.samples == pcm.samples).all()
    assert again.pts_seconds == 0.04


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: PcmData(0, "s16"), ValueError, "sample_rate must be positive, not 0"),
        (lambda: PcmData(8000, "u8"), ValueError, "must be 's16' or 'f32', not 'u8'"),
        (lambda: PcmData(8000, "f32", np.zeros(3, np.int16)), TypeError, "from_numpy"),
        (lambda: PcmData(8000, "s16", np.zeros((3, 2), np.int16), channels=2), ValueError, "shape"),
        (lambda: as_pcm(b"abc"), TypeError, "bytes is no PCM: it has no samples"),  # type: ignore[arg-type]
    ],
)
def test_refusals_say_what_to_do(make: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int32, np.float32, np.float64])
def test_any_number_becomes_16_bits(dtype: Any) -> None:
    full = {np.uint8: 255, np.int16: 32767, np.int32: 2**31 - 1}.get(dtype, 1.0)
    pcm = PcmData.from_numpy(np.array([full], dtype), 8000)
    assert pcm.samples[0] > 32_500


def test_bytes_are_interleaved_and_torn_samples_dropped() -> None:
    pcm = PcmData.from_bytes(bytes(range(11)), 8000, channels=2)
    assert (pcm.channels, len(pcm)) == (2, 2)
    assert PcmData.from_bytes(pcm.to_bytes(), 8000, channels=2).to_bytes() == pcm.to_bytes()


def test_append_adapts_and_returns_itself() -> None:
    pcm = PcmData(24_000, "s16", np.ones(240, np.int16))
    other = PcmData(48_000, "f32", np.full((2, 480), 0.5, np.float32), channels=2)
    assert pcm.append(other) is pcm
    assert len(pcm) == 480
    assert pcm.samples.dtype == np.int16


@settings(deadline=None, derandomize=True)
@given(
    source=st.sampled_from([8000, 11_025, 16_000, 22_050, 24_000, 44_100, 48_000]),
    target=st.sampled_from([8000, 16_000, 24_000, 44_100, 48_000]),
    sizes=st.lists(st.integers(1, 1500), min_size=1, max_size=15),
)
def test_resampling_in_pieces_is_resampling_at_once(
    source: int, target: int, sizes: list[int]
) -> None:
    total = sum(sizes)
    wave = (np.sin(np.arange(total) / 9) * 8000).astype(np.int16)
    whole = PcmData(source, "s16", wave).resample(target)
    resampler = Resampler(target)
    parts, at = [], 0
    for size in sizes:
        parts.append(resampler.push(PcmData(source, "s16", wave[at : at + size])).samples)
        at += size
        assert resampler.held_s < 0.01
    parts.append(resampler.drain().samples)
    joined = np.concatenate(parts)
    assert abs(len(joined) - total * target / source) <= 2
    n = min(len(joined), len(whole))
    assert np.abs(joined[:n].astype(int) - whole.samples[:n]).max(initial=0) <= 2


@settings(deadline=None, derandomize=True)
@given(
    steps=st.lists(st.integers(1, 90_000), min_size=1, max_size=60), start=st.integers(0, 2**32 - 1)
)
def test_rtp_time_stamps_wrap_without_a_jump(steps: list[int], start: int) -> None:
    reader, ticks, now_s = PtsReader(), start, 50.0
    first = reader.read(ticks % 2**32, Fraction(1, 90_000), now_s)
    assert first is not None
    for step in steps:
        ticks += step
        now_s += step / 90_000
        reading = reader.read(ticks % 2**32, Fraction(1, 90_000), now_s)
        assert reading is not None
        assert not reading.anew
        assert reading.media_s - first.media_s == pytest.approx((ticks - start) / 90_000)


def test_time_stamps_that_stand_still_are_not_trusted() -> None:
    reader = PtsReader()
    readings = [reader.read(0, Fraction(1, 90_000), n / 30) for n in range(6)]
    assert readings[-1] is None
    reader.restart()
    assert reader.read(0, Fraction(1, 90_000), 1.0) is not None
