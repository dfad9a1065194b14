from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision_agents.core.media.gaps import GapFiller
from vision_agents.core.media.pcm import PcmData

RATE_HZ = 48_000
PACKET = 960


def packet(number: int, channels: int = 2, origin: int = 12_345) -> PcmData:
    shape = PACKET if channels == 1 else (channels, PACKET)
    return PcmData(
        RATE_HZ,
        "s16",
        np.full(shape, 7, np.int16),
        pts=origin + number * PACKET,
        time_base=Fraction(1, RATE_HZ),
        channels=channels,
    )


@given(st.sets(st.integers(1, 98)), st.sampled_from([1, 2]))
def test_samples_count_media_time_whatever_is_lost(lost: set[int], channels: int) -> None:
    filler = GapFiller(most_s=10.0)
    out = [p for n in range(100) if n not in lost for p in filler.push(packet(n, channels))]
    samples = np.concatenate([p.samples for p in out], axis=-1)
    assert samples.shape[-1] == 100 * PACKET
    expected = out[0].pts
    for pcm in out:
        assert pcm.pts == expected
        expected = (expected or 0) + len(pcm)


def test_a_lost_packet_is_concealed_without_a_click_and_fades_out() -> None:
    filler = GapFiller()
    ramp = np.linspace(0, 8000, PACKET).astype(np.int16)
    filler.push(PcmData(RATE_HZ, "s16", ramp, pts=0, time_base=Fraction(1, RATE_HZ)))
    concealed, _ = filler.push(packet(20, channels=1, origin=0))
    assert concealed.samples[0] == ramp[-1]
    assert np.abs(concealed.samples[:PACKET]).max() > 7000
    assert not concealed.samples[10 * PACKET :].any()


def test_nothing_missing_is_passed_untouched() -> None:
    filler, first, second = GapFiller(), packet(0), packet(1)
    assert filler.push(first) == [first]
    assert filler.push(second)[0] is second


@pytest.mark.parametrize("leap", [-3, 100])
def test_a_stream_that_begins_anew_is_not_filled(leap: int) -> None:
    filler = GapFiller(most_s=1.0)
    filler.push(packet(10))
    assert len(filler.push(packet(10 + leap))) == 1
    assert len(filler.push(packet(10 + leap + 1))) == 1


def test_sound_without_pts_is_left_alone() -> None:
    filler = GapFiller()
    filler.push(packet(0))
    bare = PcmData.from_numpy(np.ones(10, np.int16), RATE_HZ)
    assert filler.push(bare) == [bare]
    assert len(filler.push(packet(5))) == 1
