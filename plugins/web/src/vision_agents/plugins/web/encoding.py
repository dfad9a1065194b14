"""How video is encoded for a viewer: codec order, bitrate, speed.

aiortc's own encoders start VP8 at 500 kb/s, end at 1.5 Mb/s, and run libx264 at a preset that
takes 16 ms of CPU for a 720p frame. Ours open the codec with our numbers and leave packetisation
to aiortc's classes. For a face at 720p and 2.5 Mb/s, one core: VP8 4.2 ms a frame where aiortc's
options take 5.5, H.264 3.9 ms where aiortc's take 16.

aiortc's sender makes its encoder by itself, so private attributes of its objects (1.14 to 1.16)
are touched in this file and nowhere else; tests measure what comes out.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, cast

import av
from aiortc import RTCRtpSender, RTCRtpTransceiver
from aiortc.codecs.h264 import H264Encoder
from aiortc.codecs.vpx import Vp8Encoder, number_of_threads
from av.video.frame import PictureType, VideoFrame

if TYPE_CHECKING:
    from av.frame import Frame
    from av.video.codeccontext import VideoCodecContext

MAX_KEY_FRAME_DISTANCE = 3000
RTP_TIME_BASE = Fraction(1, 90_000)
# Mirrors libwebrtc's realtime settings for VP8, but for its noise filter (a rendered face has no
# sensor noise, and the filter costs a fifth) and one step faster (-8 instead of -6).
VP8_OPTIONS = {
    "cpu-used": "-8",
    "deadline": "realtime",
    "lag-in-frames": "0",
    "noise-sensitivity": "0",
    "overshoot-pct": "15",
    "static-thresh": "1",
    "undershoot-pct": "100",
}
# Level 3.1 is what browsers offer; superfast is the slowest preset that leaves a 2-core machine
# room for a browser at 720p30.
H264_OPTIONS = {"level": "31", "preset": "superfast", "tune": "zerolatency"}


@dataclass(slots=True)
class Governor:
    """The bitrate in use: where the receiver's estimate (REMB) lies, in few steps and in bounds.

    Each change opens a new encoder and so costs a key frame, and a browser's estimate climbs by
    8 % a second after a loss. So the rate stays until the estimate is a third away from it, or
    allows the most again.
    """

    max_bps: int
    min_bps: int
    bps: int = 0

    def __post_init__(self) -> None:
        self.bps = self.max_bps

    def receiver_estimates(self, estimate_bps: int) -> None:
        """Follow the receiver, or stay."""
        wanted = max(self.min_bps, min(estimate_bps, self.max_bps))
        if wanted == self.max_bps or abs(wanted - self.bps) > self.bps / 3:
            self.bps = wanted


def prefer_codec(transceiver: RTCRtpTransceiver, name: str) -> None:
    """Put a codec first; the others stay, for browsers that lack it. Before negotiation."""
    codecs = RTCRtpSender.getCapabilities("video").codecs
    transceiver.setCodecPreferences(
        sorted(codecs, key=lambda codec: codec.name.upper() != name.upper())
    )


def use_encoder(transceiver: RTCRtpTransceiver, governor: Governor) -> None:
    """Give a video sender our encoder; between setting remote and local description."""
    mime = transceiver._codecs[0].mimeType.lower()
    encoder = OurVp8Encoder(governor) if mime == "video/vp8" else OurH264Encoder(governor)
    transceiver.sender._RTCRtpSender__encoder = encoder  # type: ignore[attr-defined]


def last_rtp_timestamp(transceiver: RTCRtpTransceiver) -> int | None:
    """RTP timestamp of the packet sent last; None before the first."""
    sent: int = transceiver.sender._RTCRtpSender__rtp_timestamp  # type: ignore[attr-defined]
    return sent or None


class OurVp8Encoder(Vp8Encoder):
    """VP8 at the governor's rate; runs in aiortc's worker thread, one frame at a time."""

    def __init__(self, governor: Governor) -> None:
        super().__init__()
        self.governor = governor

    def encode(self, frame: Frame, force_keyframe: bool = False) -> tuple[list[bytes], int]:
        """Encode one picture into RTP payloads, with their timestamp."""
        picture = cast("VideoFrame", frame)
        if not _fits(self.codec, picture, self.governor.bps):
            self.codec = _open_vp8(picture, self.governor.bps)
        try:
            return super().encode(frame, force_keyframe)
        finally:
            # The frame is shared with the other viewers' encoders, which need no key frame.
            picture.pict_type = PictureType.NONE

    @property
    def target_bitrate(self) -> int:
        """Bits per second; aiortc's sender sets it to each estimate of the receiver."""
        return self.governor.bps

    @target_bitrate.setter
    def target_bitrate(self, estimate_bps: int) -> None:
        self.governor.receiver_estimates(estimate_bps)


class OurH264Encoder(H264Encoder):
    """H.264 at the governor's rate; runs in aiortc's worker thread, one frame at a time."""

    def __init__(self, governor: Governor) -> None:
        super().__init__()
        self.governor = governor

    def encode(self, frame: Frame, force_keyframe: bool = False) -> tuple[list[bytes], int]:
        """Encode one picture into RTP payloads, with their timestamp."""
        picture = cast("VideoFrame", frame)
        if not _fits(self.codec, picture, self.governor.bps):
            self.codec = _open_h264(picture, self.governor.bps)
        try:
            return super().encode(frame, force_keyframe)
        finally:
            picture.pict_type = PictureType.NONE

    @property
    def target_bitrate(self) -> int:
        """Bits per second; aiortc's sender sets it to each estimate of the receiver."""
        return self.governor.bps

    @target_bitrate.setter
    def target_bitrate(self, estimate_bps: int) -> None:
        self.governor.receiver_estimates(estimate_bps)


def _fits(codec: VideoCodecContext | None, picture: VideoFrame, bps: int) -> bool:
    return (
        codec is not None
        and (codec.width, codec.height) == (picture.width, picture.height)
        and codec.bit_rate == bps
    )


def _open_vp8(picture: VideoFrame, bps: int) -> VideoCodecContext:
    codec = _context("libvpx", picture, bps)
    codec.gop_size = MAX_KEY_FRAME_DISTANCE
    codec.qmin, codec.qmax = 2, 56
    # minrate = maxrate = bit_rate is libvpx's constant bitrate; the buffer holds one second.
    codec.options = {**VP8_OPTIONS, **dict.fromkeys(("bufsize", "minrate", "maxrate"), str(bps))}
    codec.thread_count = number_of_threads(picture.width * picture.height, os.cpu_count() or 1)
    return codec


def _open_h264(picture: VideoFrame, bps: int) -> VideoCodecContext:
    codec = _context("libx264", picture, bps)
    codec.gop_size = MAX_KEY_FRAME_DISTANCE
    codec.options = H264_OPTIONS | {"maxrate": str(bps), "bufsize": str(bps)}
    codec.profile = "Baseline"
    return codec


def _context(name: str, picture: VideoFrame, bps: int) -> VideoCodecContext:
    codec = cast("VideoCodecContext", av.CodecContext.create(name, "w"))
    codec.width, codec.height = picture.width, picture.height
    codec.bit_rate = bps
    codec.pix_fmt = "yuv420p"
    codec.time_base = RTP_TIME_BASE
    codec.framerate = Fraction(30)
    return codec
