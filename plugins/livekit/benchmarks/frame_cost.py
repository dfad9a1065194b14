"""What a picture costs on the way in and out of LiveKit, on this machine.

    python plugins/livekit/benchmarks/frame_cost.py

In: the SDK's own copy out of its native buffer, then our frame, then ready for an encoder. Out:
our copy, then the SDK's. All of it runs on the event loop, which must not stop for over 0.5 ms.
The ratio compares with what the peer's plugins do for a picture (RGBA, then back to YUV).
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable
from functools import partial

import av
import numpy as np
from livekit import rtc

from vision_agents.plugins.livekit.frames import to_av_frame, to_livekit_video

ROUNDS = 200


def median_ms(work: Callable[[], object]) -> tuple[float, float]:
    """Median and 95th percentile of one call, in milliseconds."""
    took = []
    for _ in range(ROUNDS):
        begun_s = time.perf_counter()
        work()
        took.append((time.perf_counter() - begun_s) * 1000)
    return float(np.median(took)), float(np.percentile(took, 95))


def encoder_ready(frame: rtc.VideoFrame) -> av.VideoFrame:
    """Our frame, in the encoder's format: nothing is left to do."""
    return to_av_frame(frame, 0).reformat(format="yuv420p")


def peer(frame: rtc.VideoFrame) -> av.VideoFrame:
    """RGBA by the SDK, then numpy, then YUV for the encoder."""
    rgba = frame.convert(rtc.VideoBufferType.RGBA)
    rows = np.frombuffer(rgba.data, np.uint8).reshape(rgba.height, rgba.width, 4)
    return av.VideoFrame.from_ndarray(rows, format="rgba").reformat(format="yuv420p")


def main() -> None:
    print(f"{'':34s}{'median':>9s}{'p95':>9s}   (ms, {ROUNDS} rounds)")
    for name, (width, height) in {
        "368x560": (368, 560),
        "720p": (1280, 720),
        "1080p": (1920, 1080),
    }.items():
        size = width * height * 3 // 2
        data = np.random.default_rng(1).integers(0, 256, size, dtype=np.uint8)
        native = (ctypes.c_uint8 * size).from_buffer_copy(data.tobytes())
        frame = rtc.VideoFrame(width, height, rtc.VideoBufferType.I420, bytearray(native))
        ours = to_av_frame(frame, 0)
        source = rtc.VideoSource(width, height)
        outgoing = to_livekit_video(ours)
        rows: dict[str, Callable[[], object]] = {
            "in: the SDK's copy": partial(bytearray, native),
            "in: our frame": partial(to_av_frame, frame, 0),
            "in: our frame, encoder-ready": partial(encoder_ready, frame),
            "in: the peer's way": partial(peer, frame),
            "out: our copy": partial(to_livekit_video, ours),
            "out: the SDK's capture": partial(source.capture_frame, outgoing),
        }
        for what, work in rows.items():
            median, p95 = median_ms(work)
            print(f"{name:8s} {what:25s}{median:9.3f}{p95:9.3f}")


if __name__ == "__main__":
    main()
