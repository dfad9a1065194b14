"""Host candidates that aioice (0.13) leaves out: 127.0.0.1, for a peer on this very machine.

aioice gathers every interface's addresses but skips 127.0.0.1, so on a machine without a network
there is no candidate at all. This is the one place that reaches into it for that.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal

import aioice.ice

LOOPBACK = "127.0.0.1"
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
