"""The bitrate that comes out, and how it follows the receiver."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from av.video.frame import PictureType, VideoFrame

from vision_agents.plugins.web.encoding import Governor, OurH264Encoder, OurVp8Encoder

FPS = 30


def noisy_frame(number: int, *, width: int = 320, height: int = 240) -> VideoFrame:
    """A picture of which nothing was in the one before: worth more bits than there are."""
    coarse = np.random.default_rng(number).integers(0, 255, (height * 3 // 2 // 8, width // 8))
    noise = np.kron(coarse, np.ones((8, 8))).astype(np.uint8)
    frame = VideoFrame.from_ndarray(noise, format="yuv420p")
    frame.pts, frame.time_base = number * 90_000 // FPS, Fraction(1, 90_000)
    return frame


@pytest.mark.parametrize("encoder_type", [OurVp8Encoder, OurH264Encoder])
def test_the_encoder_keeps_to_the_bitrate(
    encoder_type: type[OurVp8Encoder] | type[OurH264Encoder],
) -> None:
    encoder = encoder_type(Governor(max_bps=3_000_000, min_bps=300_000))
    sizes = [sum(map(len, encoder.encode(noisy_frame(n))[0])) for n in range(3 * FPS)]
    assert sum(sizes[FPS:]) * 8 / 2 == pytest.approx(3_000_000, rel=0.25)
    encoder.target_bitrate = 1_500_000
    sizes = [sum(map(len, encoder.encode(noisy_frame(n))[0])) for n in range(90, 90 + 3 * FPS)]
    assert sum(sizes[FPS:]) * 8 / 2 == pytest.approx(1_500_000, rel=0.25)


@pytest.mark.parametrize("encoder_type", [OurVp8Encoder, OurH264Encoder])
def test_a_key_frame_for_one_viewer_leaves_the_shared_frame_as_it_was(
    encoder_type: type[OurVp8Encoder] | type[OurH264Encoder],
) -> None:
    encoder = encoder_type(Governor(max_bps=3_000_000, min_bps=300_000))
    frame = noisy_frame(0)
    _, timestamp = encoder.encode(frame, force_keyframe=True)
    assert timestamp == 0
    assert frame.pict_type == PictureType.NONE


def test_a_new_size_opens_a_new_encoder() -> None:
    encoder = OurVp8Encoder(Governor(max_bps=1_000_000, min_bps=300_000))
    encoder.encode(noisy_frame(0))
    payloads, _ = encoder.encode(noisy_frame(1, width=640, height=480))
    assert payloads
    assert encoder.codec is not None
    assert (encoder.codec.width, encoder.codec.height) == (640, 480)


def test_the_governor_moves_in_few_steps_and_within_bounds() -> None:
    governor = Governor(max_bps=2_500_000, min_bps=500_000)
    governor.receiver_estimates(9_000_000)
    assert governor.bps == 2_500_000
    governor.receiver_estimates(2_000_000)
    assert governor.bps == 2_500_000  # not worth a key frame
    governor.receiver_estimates(1_000_000)
    assert governor.bps == 1_000_000
    governor.receiver_estimates(10_000)
    assert governor.bps == 500_000
    steps = []
    estimate = 500_000.0
    while governor.bps < 2_500_000:
        estimate *= 1.08  # as a browser's estimate climbs, once a second
        governor.receiver_estimates(int(estimate))
        steps.append(governor.bps)
    assert len(set(steps)) <= 7
