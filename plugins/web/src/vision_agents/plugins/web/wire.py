"""Messages between page and server: JSON objects with a ``type``, over one WebSocket.

The page speaks first with ``hello``; the server answers ``welcome``. The page offers, the server
answers. What comes from outside becomes one of these records at once, or a ``WireError``.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

MAX_MESSAGE_BYTES = 1024 * 1024
"""Of one message. An offer is under 16 kB, and 100 000 letters of any script must fit."""


class WireError(ValueError):
    """A message that makes no sense; the sentence goes back to the page."""


@dataclass(frozen=True, slots=True)
class Hello:
    """First message; ``token`` is empty where none is needed."""

    token: str


@dataclass(frozen=True, slots=True)
class Offer:
    """An SDP offer: sound both ways, picture towards the page."""

    sdp: str


@dataclass(frozen=True, slots=True)
class SayText:
    """Typed text to speak."""

    text: str


@dataclass(frozen=True, slots=True)
class Stop:
    """The interrupt button."""


PageMessage = Hello | Offer | SayText | Stop


def parse(text: str) -> PageMessage:
    """Read what the page sent.

    Raises:
        WireError: not JSON, no known type, or a field missing or of another type.
    """
    try:
        message = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise WireError("the message is not JSON") from exc
    if not isinstance(message, dict):
        raise WireError("the message is not a JSON object")
    match message.get("type"):
        case "hello":
            return Hello(token=_text(message, "token"))
        case "offer":
            return Offer(sdp=_text(message, "sdp"))
        case "say":
            return SayText(text=_text(message, "text"))
        case "interrupt":
            return Stop()
        case other:
            raise WireError(f"no message has the type {other!r}"[:200])


def _text(message: dict[str, Any], name: str) -> str:
    value = message.get(name)
    if not isinstance(value, str):
        raise WireError(f"{message['type']!r} needs {name!r}, a string")
    if any("\ud800" <= letter <= "\udfff" for letter in value):
        raise WireError(f"{name!r} holds half a character (a lone UTF-16 surrogate)")
    return value


@dataclass(frozen=True, slots=True)
class IceServer:
    """As a browser's ``RTCConfiguration.iceServers`` wants it."""

    urls: list[str]
    username: str | None = None
    credential: str | None = None


@dataclass(frozen=True, slots=True)
class Welcome:
    """The visitor may stay. ``agent`` is the name to show."""

    agent: str
    viewer: str
    ice_servers: list[IceServer]


@dataclass(frozen=True, slots=True)
class Answer:
    """The SDP answer to an offer."""

    sdp: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Something a person should know; ``fatal``: trying again by itself will not help."""

    text: str
    fatal: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """What the agent does and the numbers for the plots, a few times a second.

    ``state`` is ``speaking``, ``silent`` or ``waiting`` (nothing is published yet), ``note`` a
    sentence when something is amiss. ``depth_ms`` is sound waiting in the engine; ``fps`` pictures
    leaving it per second; ``offset_ms`` its A/V offset, positive where sound is late, None where
    no engine tells; ``dropped`` what this viewer's connection did not take in time. ``cut_rtp`` is
    the RTP timestamp before which this viewer's sound was cut; what the browser still holds of
    it need not be heard.
    """

    state: str
    note: str
    depth_ms: float
    fps: float
    offset_ms: float | None
    dropped: int
    viewers: int
    cut_rtp: int | None


ServerMessage = Welcome | Answer | Problem | Report


def encode(message: ServerMessage) -> str:
    """Write what the page is to read."""
    return json.dumps({"type": type(message).__name__.lower(), **asdict(message)})
