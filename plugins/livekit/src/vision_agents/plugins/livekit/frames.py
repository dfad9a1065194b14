"""LiveKit's frames as ours: pictures without a copy, sound without conversion."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np

from livekit import rtc
from vision_agents.core.media import PcmData
from vision_agents.core.media.frames import planes

if TYPE_CHECKING:
    from numpy.typing import NDArray

MICROSECONDS = Fraction(1, 1_000_000)


def to_av_frame(frame: rtc.VideoFrame, timestamp_us: int) -> av.VideoFrame:
    """An I420 picture as yuv420p; it borrows the memory of ``frame``, which must not be reused.

    The SDK has already copied the picture out of its native buffer once, into memory of its own.
    ``pts`` is ``timestamp_us``: the receiver's monotonic clock at the moment of capture by way of
    RTP, so that network jitter is already out of it.

    Raises:
        ValueError: the picture is not I420.
    """
    if frame.type != rtc.VideoBufferType.I420:
        kind = rtc.VideoBufferType.Name(frame.type)
        raise ValueError(f"a picture of type {kind}; read the track with format=I420")
    data = np.frombuffer(frame.data, np.uint8)
    if frame.width % 2 or frame.height % 4:
        out = _copy_planes(data, frame.width, frame.height)
    else:
        rows = data.reshape(frame.height * 3 // 2, frame.width)
        out = av.VideoFrame.from_numpy_buffer(rows, format="yuv420p")
    out.pts = timestamp_us
    out.time_base = MICROSECONDS
    return out


def _copy_planes(data: NDArray[np.uint8], width: int, height: int) -> av.VideoFrame:
    """One copy, for sizes that a single array cannot show.

    Chroma planes of odd sizes are half the size rounded up, and PyAV 18 takes a height that is no
    multiple of four for a lower one.
    """
    out = av.VideoFrame(width, height, "yuv420p")
    at = 0
    for target in planes(out):
        end = at + target.size
        target[:] = data[at:end].reshape(target.shape)
        at = end
    return out


def to_pcm(frame: rtc.AudioFrame) -> PcmData:
    """Sound at the track's own rate and layout; it borrows the memory of ``frame``."""
    samples = np.frombuffer(frame.data, np.int16)
    if frame.num_channels > 1:
        samples = samples.reshape(-1, frame.num_channels).T
    return PcmData(
        sample_rate=frame.sample_rate,
        format="s16",
        samples=samples,
        channels=frame.num_channels,
    )


def to_livekit_video(frame: av.VideoFrame) -> rtc.VideoFrame:
    """A picture as LiveKit's I420; one copy, into memory the SDK may read while it must.

    Other formats and odd sizes are converted by libswscale.
    """
    width, height = frame.width & ~1, frame.height & ~1
    if frame.format.name != "yuv420p" or (width, height) != (frame.width, frame.height):
        frame = frame.reformat(width, height, format="yuv420p")
    data: NDArray[np.uint8] = np.concatenate([plane.reshape(-1) for plane in planes(frame)])
    return rtc.VideoFrame(width, height, rtc.VideoBufferType.I420, data.data)


def to_livekit_audio(samples: NDArray[np.int16], rate_hz: int, channels: int) -> rtc.AudioFrame:
    """Interleaved 16-bit samples as LiveKit takes them."""
    return rtc.AudioFrame(samples.tobytes(), rate_hz, channels, samples.size // channels)
