"""Who may talk to the server: pure checks on what a request says about itself.

Two attacks are meant. A foreign page in the user's browser opens our WebSocket: its ``Origin`` is
not ours. A foreign name is made to resolve to 127.0.0.1 (DNS rebinding), so that the origin looks
like ours: then ``Host`` is no loopback name. Beyond loopback a token keeps strangers out.
"""

from __future__ import annotations

import hmac
from urllib.parse import urlsplit

from vision_agents.plugins.web.settings import is_loopback


def refuse_host(host: str, *, loopback_only: bool) -> str | None:
    """Why a request with this ``Host`` header is refused; None when it is not."""
    if not loopback_only or is_loopback(_host_name(host)):
        return None
    return (
        f"this server answers to localhost and 127.0.0.1, not to {host!r}; "
        "to serve other names set host=... and token=..."
    )


def refuse_origin(origin: str | None, *, host: str) -> str | None:
    """Why a WebSocket from this ``Origin`` is refused; None when it is not.

    Browsers always send one. A program that sends none could send any, and is not what this
    guards against.
    """
    if origin is None or urlsplit(origin).netloc.lower() == host.lower():
        return None
    return f"a page of {origin!r} may not use this server; open the page that it serves itself"


def token_is_right(given: str, *, wanted: str | None) -> bool:
    """Whether the token opens the door; always, where none is set. Takes constant time."""
    return wanted is None or hmac.compare_digest(given.encode(), wanted.encode())


def _host_name(host: str) -> str:
    """The name in a ``Host`` header, without port and IPv6 brackets; empty when malformed."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
