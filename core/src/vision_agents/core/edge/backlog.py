"""Receivers of aiortc that hand on at once what a lost packet had held up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aiortc import RTCPeerConnection, RTCRtpReceiver
    from aiortc.rtp import RtpPacket

_PRIVATE = "_RTCRtpReceiver__"


def release_backlogs(peer: RTCPeerConnection) -> None:
    """Make every receiver of ``peer`` hand on all frames that are whole; idempotent.

    To be called when the remote description is set. aiortc (1.16) takes at most one frame out of
    its jitter buffer for each packet that goes in: once a lost packet has made the buffer wait, it
    stays as deep for good (measured: sound 0.24 s later after the first loss, pictures of one
    packet each up to 1.4 s). Here the backlog comes in a burst as soon as the wait is over, and
    the stream is as prompt as before.
    """
    for transceiver in peer.getTransceivers():
        _release(transceiver.receiver)


def _release(receiver: RTCRtpReceiver) -> None:
    if "_handle_rtp_packet" in vars(receiver):
        return
    handle_one = receiver._handle_rtp_packet
    inside: dict[str, Any] = vars(receiver)
    buffer, codecs = inside[f"{_PRIVATE}jitter_buffer"], inside[f"{_PRIVATE}codecs"]
    queue, mapper = inside[f"{_PRIVATE}decoder_queue"], inside[f"{_PRIVATE}timestamp_mapper"]

    async def handle(packet: RtpPacket, arrival_time_ms: int) -> None:
        await handle_one(packet, arrival_time_ms)
        codec = codecs.get(packet.payload_type)
        if codec is not None and codec.name.lower() == "rtx":
            codec = codecs.get(codec.parameters.get("apt"))
        decoding = inside[f"{_PRIVATE}decoder_thread"] is not None
        if codec is None or not decoding or buffer._origin is None:
            return
        while (frame := buffer._remove_frame(packet.sequence_number)) is not None:
            frame.timestamp = mapper.map(frame.timestamp)
            queue.put((codec, frame))

    receiver._handle_rtp_packet = handle  # type: ignore[method-assign]
