"""What happens in a room, as values: who came, who left and why, what the connection does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

MediaKind = Literal["audio", "video"]


@dataclass(frozen=True, slots=True)
class ParticipantJoined:
    """``identity`` is in the room; also told for everybody who was there before us."""

    identity: str
    is_agent: bool


@dataclass(frozen=True, slots=True)
class ParticipantLeft:
    """``identity`` is gone. ``reason`` is LiveKit's, in lower case (``client_initiated``)."""

    identity: str
    reason: str


@dataclass(frozen=True, slots=True)
class TrackStarted:
    """We are subscribed to a track of ``identity``; its media comes from now on."""

    identity: str
    kind: MediaKind


@dataclass(frozen=True, slots=True)
class TrackEnded:
    """The track of ``identity`` brings no more media. ``reason`` says why."""

    identity: str
    kind: MediaKind
    reason: str


@dataclass(frozen=True, slots=True)
class DataReceived:
    """A data message. ``identity`` is empty when the server sent it, and also when it overtook the
    news that its sender has joined (seen on loopback)."""

    identity: str
    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Reconnecting:
    """Our connection to the room is lost; the SDK tries to get it back."""


@dataclass(frozen=True, slots=True)
class Reconnected:
    """Our connection is back. Byte streams that were open are cut."""


@dataclass(frozen=True, slots=True)
class Disconnected:
    """We are out of the room for good. ``reason`` is LiveKit's, in lower case."""

    reason: str


RoomEvent = (
    ParticipantJoined
    | ParticipantLeft
    | TrackStarted
    | TrackEnded
    | DataReceived
    | Reconnecting
    | Reconnected
    | Disconnected
)
