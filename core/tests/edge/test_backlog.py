"""A lost packet costs itself and a short wait, and nothing else."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import numpy as np
import pytest
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection
from aiortc.jitterbuffer import JitterBuffer
from aiortc.mediastreams import AudioStreamTrack
from aiortc.rtp import RtpPacket

from vision_agents.core.edge.backlog import PATIENCE_S, Backlog, release_backlogs
from vision_agents.core.edge.ice import loopback_candidates
from vision_agents.core.edge.peer import close_peer

LOST = 100
"""The packet that is lost."""
FRAMES = 180


def lose_one(peer: RTCPeerConnection) -> None:
    """Between encoder and socket, for which aiortc has no hook."""
    transport = peer.getSenders()[0].transport
    send, sent = transport._send_rtp, 0

    async def losing(data: bytes) -> None:
        nonlocal sent
        is_rtp = not 64 <= data[1] & 0x7F < 96  # RFC 5761: in between it is RTCP
        sent += is_rtp
        if not is_rtp or sent != LOST:
            await send(data)

    transport._send_rtp = losing  # type: ignore[method-assign]


async def received(*, release: bool) -> tuple[float, float, int]:
    """Of sound of which one packet was lost: how late it was before and well after that (medians
    of arrival minus pts, ms), and how many packets are missing."""
    configuration = RTCConfiguration(iceServers=[])
    sender, viewer = RTCPeerConnection(configuration), RTCPeerConnection(configuration)
    track: asyncio.Future[MediaStreamTrack] = asyncio.get_running_loop().create_future()
    viewer.on("track", track.set_result)
    try:
        sender.addTrack(AudioStreamTrack())
        with loopback_candidates(only=True):
            await sender.setLocalDescription(await sender.createOffer())
            await viewer.setRemoteDescription(sender.localDescription)
            await viewer.setLocalDescription(await viewer.createAnswer())
        await sender.setRemoteDescription(viewer.localDescription)
        lose_one(sender)
        if release:
            release_backlogs(viewer)
            release_backlogs(viewer)
        late, pts = [], []
        for _ in range(FRAMES):
            frame: Any = await (await track).recv()
            pts.append(frame.pts * float(frame.time_base))
            late.append((time.monotonic() - pts[-1]) * 1000)
    finally:
        await close_peer(sender)
        await close_peer(viewer)
    missing = round((pts[-1] - pts[0]) / 0.02) - (FRAMES - 1)
    return float(np.median(late[20:80])), float(np.median(late[-40:])), missing


@pytest.mark.timeout(30)
async def test_sound_is_as_prompt_after_a_loss_as_before() -> None:
    (before, after, missing), (kept_before, kept_after, kept_missing) = await asyncio.gather(
        received(release=True), received(release=False)
    )
    # What aiortc does; else this module has no reason.
    assert kept_after - kept_before > 150
    assert kept_missing > 3
    assert kept_before - before > 60
    assert after - before < 30
    assert missing == 1


def packet(number: int, frame: int, *, last: bool = True) -> RtpPacket:
    made = RtpPacket(sequence_number=number, timestamp=frame, marker=int(last))
    made._data = bytes([number & 255])  # type: ignore[attr-defined]  # as a receiver sets it
    return made


class Received:
    """A jitter buffer as receivers make them, behind a ``Backlog``."""

    def __init__(self, kind: str) -> None:
        video = kind == "video"
        self._buffer = JitterBuffer(capacity=128 if video else 16, is_video=video)
        self._backlog = Backlog(self._buffer, PATIENCE_S[kind])

    def push(self, now_s: float, *packets: RtpPacket) -> tuple[list[bytes], bool]:
        """The frames handed on, and whether a packet was given up."""
        out, given_up = [], False
        for each in packets:
            _, frame = self._buffer.add(each)
            frames, gone = self._backlog.take(now_s)
            out += [whole.data for whole in ([frame] if frame else []) + frames]
            given_up = given_up or gone
        return out, given_up


def test_sound_is_handed_on_with_its_packet_and_in_order() -> None:
    sound = Received("audio")
    assert sound.push(0.0, packet(65534, 0), packet(65535, 1)) == ([b"\xfe", b"\xff"], False)
    assert sound.push(0.02, packet(1, 3)) == ([], False)
    assert sound.push(0.03, packet(0, 2)) == ([b"\x00", b"\x01"], False)


def test_a_lost_packet_of_sound_costs_itself_alone() -> None:
    sound = Received("audio")
    sound.push(0.0, packet(0, 0))
    patience_s = PATIENCE_S["audio"]
    assert sound.push(0.04, packet(2, 2), packet(3, 3)) == ([], False)
    assert sound.push(0.04 + patience_s, packet(4, 4)) == ([b"\x02", b"\x03", b"\x04"], True)
    assert sound.push(0.2, packet(1, 1), packet(5, 5)) == ([b"\x05"], False)  # too late


def test_a_picture_is_handed_on_with_its_last_packet() -> None:
    pictures = Received("video")
    assert pictures.push(0.0, packet(0, 0, last=False)) == ([], False)
    assert pictures.push(0.0, packet(1, 0)) == ([b"\x00\x01"], False)
    # A sender that marks no last packet: the next picture tells.
    assert pictures.push(0.04, packet(2, 1, last=False), packet(3, 2, last=False)) == (
        [b"\x02"],
        False,
    )


def test_a_packet_sent_again_completes_its_picture() -> None:
    pictures = Received("video")
    pictures.push(0.0, packet(0, 0))
    assert pictures.push(0.04, packet(2, 1), packet(3, 2)) == ([], False)
    assert pictures.push(0.3, packet(1, 1, last=False)) == ([b"\x01\x02", b"\x03"], False)


def test_a_picture_that_cannot_be_completed_is_left_out() -> None:
    pictures = Received("video")
    pictures.push(0.0, packet(0, 0))
    pictures.push(0.04, packet(1, 1, last=False), packet(3, 1), packet(4, 2))
    assert pictures.push(0.04 + PATIENCE_S["video"], packet(5, 3)) == ([b"\x04", b"\x05"], True)


def test_nothing_but_the_rest_of_a_broken_picture_waits() -> None:
    pictures = Received("video")
    pictures.push(0.0, packet(0, 0))
    pictures.push(0.04, packet(1, 1, last=False), packet(3, 1))
    assert pictures.push(0.04 + PATIENCE_S["video"], packet(4, 1)) == ([], True)
    assert pictures.push(0.6, packet(5, 2)) == ([b"\x05"], False)
