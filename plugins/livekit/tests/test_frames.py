"""LiveKit's frames become ours without a conversion."""

from __future__ import annotations

import av
import numpy as np
import pytest
from livekit import rtc

from vision_agents.core.media.frames import planes
from vision_agents.plugins.livekit.frames import (
    to_av_frame,
    to_livekit_audio,
    to_livekit_video,
    to_pcm,
)


def noise(width: int, height: int) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    size = width * height + 2 * ((width + 1) // 2) * ((height + 1) // 2)
    return np.random.default_rng(7).integers(0, 256, size, dtype=np.uint8)


def content(frame: av.VideoFrame) -> bytes:
    return b"".join(plane.tobytes() for plane in planes(frame))


@pytest.mark.parametrize(("width", "height"), [(368, 560), (1280, 720), (454, 452)])
def test_even_sizes_share_the_memory(width: int, height: int) -> None:
    data = bytearray(noise(width, height).tobytes())
    source = rtc.VideoFrame(width, height, rtc.VideoBufferType.I420, data)
    frame = to_av_frame(source, 1_234_567)
    assert (frame.width, frame.height, frame.format.name) == (width, height, "yuv420p")
    assert frame.pts == 1_234_567
    assert frame.time == pytest.approx(1.234567)
    assert content(frame) == bytes(data)
    data[0] ^= 0xFF
    assert content(frame)[0] == data[0]


@pytest.mark.parametrize(("width", "height"), [(91, 140), (92, 139), (3, 3), (454, 454)])
def test_other_sizes_are_copied_whole(width: int, height: int) -> None:
    data = bytearray(noise(width, height).tobytes())
    frame = to_av_frame(rtc.VideoFrame(width, height, rtc.VideoBufferType.I420, data), 0)
    assert (frame.width, frame.height) == (width, height)
    assert content(frame) == bytes(data)


def test_another_format_is_refused_by_name() -> None:
    rgba = rtc.VideoFrame(2, 2, rtc.VideoBufferType.RGBA, bytearray(16))
    with pytest.raises(ValueError, match="RGBA"):
        to_av_frame(rgba, 0)


def test_pictures_go_out_as_they_came_in() -> None:
    data = bytearray(noise(64, 48).tobytes())
    frame = to_av_frame(rtc.VideoFrame(64, 48, rtc.VideoBufferType.I420, data), 0)
    assert bytes(to_livekit_video(frame).data) == bytes(data)


def test_odd_pictures_go_out_even() -> None:
    out = to_livekit_video(av.VideoFrame(33, 17, "rgb24"))
    assert (out.width, out.height, out.type) == (32, 16, rtc.VideoBufferType.I420)


def test_stereo_becomes_channel_major_and_back() -> None:
    samples = np.arange(20, dtype=np.int16)
    pcm = to_pcm(to_livekit_audio(samples, 48_000, 2))
    assert (pcm.channels, pcm.sample_rate, len(pcm)) == (2, 48_000, 10)
    assert pcm.samples[0].tolist() == samples[::2].tolist()
    assert pcm.to_bytes() == samples.tobytes()
