"""What a picture costs on the event loop, each way, step by step."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable

import numpy as np
import pytest
from livekit import rtc

from vision_agents.plugins.livekit.frames import to_av_frame, to_livekit_video

ROUNDS = 60
MOST_ON_THE_LOOP_MS = 0.5


def median_ms(work: Callable[[], object]) -> float:
    """The median, which a busy machine hardly moves; the first rounds warm up."""
    took = []
    for _ in range(ROUNDS):
        begun_s = time.perf_counter()
        work()
        took.append((time.perf_counter() - begun_s) * 1e3)
    return float(np.median(took[ROUNDS // 6 :]))


@pytest.mark.parametrize(("width", "height", "bar_ms"), [(1280, 720, 0.25), (1920, 1080, 0.5)])
def test_a_picture_is_ready_for_the_encoder_in_time(
    width: int, height: int, bar_ms: float, record_property: Callable[[str, object], None]
) -> None:
    size = width * height * 3 // 2
    data = np.random.default_rng(1).integers(0, 256, size, dtype=np.uint8)
    native = (ctypes.c_uint8 * size).from_buffer_copy(data.tobytes())

    def receive() -> object:
        """The SDK's own copy out of its native buffer, ours, and what an encoder still does."""
        frame = rtc.VideoFrame(width, height, rtc.VideoBufferType.I420, bytearray(native))
        return to_av_frame(frame, 0).reformat(format="yuv420p")

    outgoing = to_av_frame(
        rtc.VideoFrame(width, height, rtc.VideoBufferType.I420, bytearray(native)), 0
    )
    in_ms, out_ms = median_ms(receive), median_ms(lambda: to_livekit_video(outgoing))
    record_property("figures", f"{height}p: in {in_ms:.3f} ms, out {out_ms:.3f} ms")
    assert in_ms <= bar_ms
    assert out_ms <= MOST_ON_THE_LOOP_MS
