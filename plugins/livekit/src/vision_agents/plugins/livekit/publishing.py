"""How we publish: what LiveKit's defaults get wrong for a talking face."""

from __future__ import annotations

from livekit import rtc

# About what LiveKit's own presets spend on a talking head; the encoder takes it as an upper bound.
BITS_PER_PIXEL = 0.1
MIN_BITRATE_BPS = 400_000


def audio_options() -> rtc.TrackPublishOptions:
    """Speech that never stops: no discontinuous transmission, which would cut soft beginnings."""
    return rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE, dtx=False, red=False)


def video_options(width: int, height: int, fps: float) -> rtc.TrackPublishOptions:
    """A face at its own rate: the SDK's presets would thin small pictures out to 15 or 20 a second.

    No simulcast: its layers cost the CPU of a second and third encoder.
    """
    bitrate_bps = max(MIN_BITRATE_BPS, round(width * height * fps * BITS_PER_PIXEL))
    return rtc.TrackPublishOptions(
        source=rtc.TrackSource.SOURCE_CAMERA,
        simulcast=False,
        video_codec=rtc.VideoCodec.VP8,
        video_encoding=rtc.VideoEncoding(max_framerate=fps, max_bitrate=bitrate_bps),
    )
