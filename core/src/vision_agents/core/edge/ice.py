"""What aiortc and aioice (0.13) do not do by themselves about a connection's path.

aioice gathers every interface's addresses but skips 127.0.0.1, so on a machine without a network
there is no candidate at all; and a connection closed while it connects leaves tasks behind. This
is the one place that reaches into them for that.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Literal

import aioice.ice

if TYPE_CHECKING:
    from aiortc import RTCPeerConnection

LOOPBACK = "127.0.0.1"
CHECK_INTERVAL_S = 0.02
"""How often ``aioice.Connection.connect`` looks whether it is done."""

_mode: ContextVar[Literal["stock", "add", "only"]] = ContextVar(
    "loopback_candidates", default="stock"
)
_stock = aioice.ice.get_host_addresses


def _host_addresses(use_ipv4: bool, use_ipv6: bool) -> list[str]:
    mode = _mode.get()
    if mode == "only":
        return [LOOPBACK]
    addresses = _stock(use_ipv4=use_ipv4, use_ipv6=use_ipv6)
    return [LOOPBACK, *addresses] if mode == "add" and use_ipv4 else addresses


@contextmanager
def loopback_candidates(*, only: bool = False) -> Iterator[None]:
    """Peer connections that gather inside offer 127.0.0.1, beside or instead of the interfaces.

    Gathering happens in ``await pc.setLocalDescription(...)``; wrap that call. With ``only``
    nothing is offered that another machine could reach. Tasks started inside inherit it; other
    peer connections of the process gather as they always did.
    """
    aioice.ice.get_host_addresses = _host_addresses
    token = _mode.set("only" if only else "add")
    try:
        yield
    finally:
        _mode.reset(token)


def reachable_address() -> str:
    """An IPv4 address for other machines to reach this one; 127.0.0.1 without a network."""
    return next(iter(_stock(use_ipv4=True, use_ipv6=False)), LOOPBACK)


async def close_connection(connection: RTCPeerConnection) -> None:
    """Close a peer connection for good, also one that is connecting just now; idempotent.

    ``aioice.Connection.connect`` may find itself connected after it was closed, and then starts
    consent checks that go on for half a minute. A second close, once it has, ends them.
    """
    connecting = connection.iceConnectionState == "checking"
    await connection.close()
    if connecting:
        await asyncio.sleep(2 * CHECK_INTERVAL_S)
        for transceiver in connection.getTransceivers():
            await transceiver.receiver.transport.transport._connection.close()
