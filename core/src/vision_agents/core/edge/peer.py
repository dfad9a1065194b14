"""Closing an aiortc peer connection so that nothing of it lives on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiortc import RTCPeerConnection

SETTLE_TIMEOUT_S = 1.0
CHECK_INTERVAL_S = 0.02
"""How often aioice (0.13) checks a pair of candidates."""


async def close_peer(peer: RTCPeerConnection, *, settle_s: float = SETTLE_TIMEOUT_S) -> None:
    """Close ``peer``; waits up to ``settle_s`` for one that is connecting just now. Idempotent.

    aiortc (1.16) connects in a task of its own that ``close`` does not end: closed in between, ICE
    goes on asking for consent and senders start their reports, for as long as the loop runs. One
    that never connects may still find itself connected just after it was closed; a second close
    of its transports, once it has, ends those checks.
    """
    await settled(peer, settle_s)
    checking = peer.iceConnectionState == "checking"
    await peer.close()
    if checking:
        await asyncio.sleep(2 * CHECK_INTERVAL_S)
        for transceiver in peer.getTransceivers():
            await transceiver.receiver.transport.transport._connection.close()


async def settled(peer: RTCPeerConnection, timeout_s: float = SETTLE_TIMEOUT_S) -> None:
    """Return when ``peer`` is not connecting any more, at the latest after ``timeout_s``."""
    changed = asyncio.Event()
    peer.on("connectionstatechange", changed.set)
    try:
        async with asyncio.timeout(timeout_s):
            while peer.connectionState == "connecting":
                changed.clear()
                await changed.wait()
    except TimeoutError:
        return
    finally:
        peer.remove_listener("connectionstatechange", changed.set)
