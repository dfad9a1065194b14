"""A lost packet holds a stream up once, and not for good."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import numpy as np
import pytest
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection
from aiortc.mediastreams import AudioStreamTrack

from vision_agents.core.edge.backlog import release_backlogs
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


async def lateness_ms(*, release: bool) -> tuple[float, float]:
    """Of the sound, before and well after one packet was lost: medians of arrival minus pts."""
    configuration = RTCConfiguration(iceServers=[])
    sender, viewer = RTCPeerConnection(configuration), RTCPeerConnection(configuration)
    received: asyncio.Future[MediaStreamTrack] = asyncio.get_running_loop().create_future()
    viewer.on("track", received.set_result)
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
        track, late = await received, []
        for _ in range(FRAMES):
            frame: Any = await track.recv()
            late.append((time.monotonic() - frame.pts * float(frame.time_base)) * 1000)
    finally:
        await close_peer(sender)
        await close_peer(viewer)
    return float(np.median(late[20:80])), float(np.median(late[-40:]))


@pytest.mark.timeout(30)
async def test_sound_is_as_prompt_after_a_loss_as_before() -> None:
    (before, after), (kept_before, kept_after) = await asyncio.gather(
        lateness_ms(release=True), lateness_ms(release=False)
    )
    assert kept_after - kept_before > 150  # what aiortc does; else this module has no reason
    assert after - before < 60
