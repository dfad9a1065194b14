"""Receivers of aiortc that hand on each frame at once, and lose only what was lost."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from aiortc.jitterbuffer import JitterFrame

if TYPE_CHECKING:
    from aiortc import RTCPeerConnection, RTCRtpReceiver
    from aiortc.jitterbuffer import JitterBuffer
    from aiortc.rtp import RtpPacket

__all__ = ["Backlog", "release_backlogs"]

PATIENCE_S = {"audio": 0.1, "video": 0.5}
"""How long a missing packet is waited for: sound is never sent again, so it can only be out of
order; a picture's packet is asked for again, which takes as long as the way there and back."""
_PRIVATE = "_RTCRtpReceiver__"


def release_backlogs(peer: RTCPeerConnection) -> None:
    """Make every receiver of ``peer`` hand on all frames that are whole; idempotent.

    To be called when the remote description is set. aiortc (1.16) keeps four packets of sound
    back, takes at most one frame out of its jitter buffer for each packet that goes in, and makes
    room behind a lost packet by throwing away what came before it. So a single loss costs 100 ms
    of sound and makes the stream 0.24 s later for good (pictures of one packet each up to 1.4 s);
    a picture whose packet is also lost when it is sent again stands still until the next loss.
    Here a frame is handed on as soon as its last packet is there, a loss costs one packet, and
    what waited behind it comes in a burst. The order of packets that come within ``PATIENCE_S``
    is kept; behind this there must be a jitter buffer for playing.
    """
    for transceiver in peer.getTransceivers():
        _release(transceiver.receiver)


class Backlog:
    """What a receiver's jitter buffer holds; pure, time is an argument."""

    def __init__(self, buffer: JitterBuffer, patience_s: float) -> None:
        self._buffer = buffer
        self._patience_s = patience_s
        self._hole_since_s: float | None = None

    def take(self, now_s: float) -> tuple[list[JitterFrame], bool]:
        """``(frames, whether a missing packet was given up)``: all frames that are whole."""
        frames = self._whole()
        if not self._has_hole():
            self._hole_since_s = None
            return frames, False
        if self._hole_since_s is None:
            self._hole_since_s = now_s
        if now_s - self._hole_since_s < self._patience_s:
            return frames, False
        self._skip_hole()
        return frames + self._whole(), True

    def _whole(self) -> list[JitterFrame]:
        frames = []
        while packets := self._first_frame():
            self._buffer.remove(len(packets))
            data = b"".join([packet._data for packet in packets])  # type: ignore[attr-defined]
            frames.append(JitterFrame(data, packets[0].timestamp))
        return frames

    def _first_frame(self) -> list[RtpPacket]:
        """The packets of the first frame; empty while it is not whole."""
        packets: list[RtpPacket] = []
        for packet in self._in_order():
            if packets and packet.timestamp != packets[0].timestamp:
                return packets
            packets.append(packet)
            if packet.marker or not self._buffer._is_video:
                return packets
        return []

    def _in_order(self) -> Iterator[RtpPacket]:
        """The packets that are there, up to the first that is missing."""
        slots, first = self._buffer._packets, self._buffer._origin or 0
        for count in range(len(slots)):
            packet = slots[(first + count) % len(slots)]
            if packet is None:
                return
            yield packet

    def _has_hole(self) -> bool:
        slots = self._buffer._packets
        held = len(slots) - slots.count(None)
        return held > 0 and held > sum(1 for _ in self._in_order())

    def _skip_hole(self) -> None:
        """Let go what is missing, and with it the rest of its frame."""
        buffer = self._buffer
        slots, first = buffer._packets, buffer._origin or 0
        hole = sum(1 for _ in self._in_order())
        while slots[(first + hole) % len(slots)] is None:
            hole += 1
        if buffer.smart_remove(hole):
            buffer._origin = None  # nothing is left; the next packet is the first
        self._hole_since_s = None


def _release(receiver: RTCRtpReceiver) -> None:
    if "_handle_rtp_packet" in vars(receiver):
        return
    handle_one = receiver._handle_rtp_packet
    inside: dict[str, Any] = vars(receiver)
    codecs, queue = inside[f"{_PRIVATE}codecs"], inside[f"{_PRIVATE}decoder_queue"]
    mapper, kind = inside[f"{_PRIVATE}timestamp_mapper"], inside[f"{_PRIVATE}kind"]
    backlog = Backlog(inside[f"{_PRIVATE}jitter_buffer"], PATIENCE_S[kind])

    async def handle(packet: RtpPacket, arrival_time_ms: int) -> None:
        await handle_one(packet, arrival_time_ms)
        codec, ssrc = codecs.get(packet.payload_type), packet.ssrc
        if codec is not None and codec.name.lower() == "rtx":
            codec = codecs.get(codec.parameters.get("apt"))
            ssrc = inside[f"{_PRIVATE}rtx_ssrc"].get(ssrc)
        if codec is None or inside[f"{_PRIVATE}decoder_thread"] is None:
            return
        frames, given_up = backlog.take(time.monotonic())
        for frame in frames:
            frame.timestamp = mapper.map(frame.timestamp)
            queue.put((codec, frame))
        if given_up and kind == "video":
            await receiver._send_rtcp_pli(ssrc)  # RFC 4585 section 6.3.1: pictures were lost

    receiver._handle_rtp_packet = handle  # type: ignore[method-assign]
