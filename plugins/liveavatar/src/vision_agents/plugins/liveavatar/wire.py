"""Messages of LiveAvatar's LITE-mode WebSocket: encoded and decoded, without any I/O.

Source: the provider's public documentation (LITE mode, events page) and its published SDKs, read
in August 2026. Where these disagree both spellings are accepted:

* the session's state is called ``connecting / connected / closing / closed`` in older and
  ``new / connected / disconnected`` in newer pages;
* the id of the command that an event answers stands in ``source_event_id`` in captured traffic
  and in ``event_id`` in the documentation's table;
* playback is told by ``agent.speak_*`` or by ``agent.state_updated``, not always by both.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from enum import Enum
from typing import Any

SAMPLE_RATE_HZ = 24_000
BYTES_PER_SECOND = SAMPLE_RATE_HZ * 2
MAX_MESSAGE_BYTES = 1_000_000
"""The service drops a larger message or closes the socket (documentation: 1 MB)."""


# ------------------------------------------------------------------------------ commands
@dataclass(frozen=True, slots=True)
class Command:
    """One message to the service; ``text`` is what goes over the socket."""

    kind: str
    event_id: str
    text: str


def speak(event_id: str, pcm: bytes) -> Command:
    """Append ``pcm`` (s16le, 24 kHz, mono) to the utterance ``event_id``.

    Raises:
        ValueError: an odd number of bytes, or more than fits into one message.
    """
    if len(pcm) % 2:
        raise ValueError(f"{len(pcm)} bytes are not whole 16-bit samples")
    command = _command("agent.speak", event_id, audio=base64.b64encode(pcm).decode("ascii"))
    if len(command.text) > MAX_MESSAGE_BYTES:
        raise ValueError(
            f"{len(pcm)} bytes of PCM make a message of {len(command.text)} bytes; "
            f"the service takes {MAX_MESSAGE_BYTES}: send chunks of about one second"
        )
    return command


def speak_end(event_id: str) -> Command:
    """No more audio follows for ``event_id``; without it the avatar goes on speaking."""
    return _command("agent.speak_end", event_id)


def interrupt(event_id: str) -> Command:
    """Drop queued audio and pending pictures; the utterance is sealed."""
    return _command("agent.interrupt", event_id)


def listening(event_id: str, *, start: bool) -> Command:
    """Make the avatar look attentive, or stop it; changes nothing in the audio."""
    return _command("agent.start_listening" if start else "agent.stop_listening", event_id)


def keep_alive(event_id: str) -> Command:
    """Reset the service's idle timer (five minutes)."""
    return _command("session.keep_alive", event_id)


def _command(kind: str, event_id: str, **fields: str) -> Command:
    message = {"type": kind, "event_id": event_id, **fields}
    return Command(kind, event_id, json.dumps(message, separators=(",", ":")))


# -------------------------------------------------------------------------------- events
class SessionState(Enum):
    """What the service says of the session, both dialects mapped onto one."""

    CONNECTING = "connecting"
    CONNECTED = "connected"
    CLOSED = "closed"


_STATES = {
    "new": SessionState.CONNECTING,
    "connecting": SessionState.CONNECTING,
    "connected": SessionState.CONNECTED,
    "closing": SessionState.CLOSED,
    "closed": SessionState.CLOSED,
    "disconnected": SessionState.CLOSED,
}


ANSWERS = {
    "agent.audio_buffer_appended": "agent.speak",
    "agent.audio_buffer_committed": "agent.speak_end",
    "agent.audio_buffer_cleared": "agent.interrupt",
}
"""Which command each acknowledgement stands for; the other commands have none."""


@dataclass(frozen=True, slots=True)
class SessionUpdated:
    state: SessionState


@dataclass(frozen=True, slots=True)
class SpeakStarted:
    """Playout has begun. ``event_id`` is empty where the service names no utterance."""

    event_id: str


@dataclass(frozen=True, slots=True)
class SpeakEnded:
    """All was played, or ``interrupted`` cut it. ``event_id`` may be empty."""

    event_id: str
    interrupted: bool


@dataclass(frozen=True, slots=True)
class Answered:
    """The service has taken the command of this ``kind`` that named ``event_id``."""

    kind: str
    event_id: str


@dataclass(frozen=True, slots=True)
class Refused:
    """An ``error`` or ``warning``; ``event_id`` names the command where the service says so."""

    kind: str
    message: str
    event_id: str
    is_warning: bool


@dataclass(frozen=True, slots=True)
class Ignored:
    """A message that changes nothing: legacy and unknown types."""

    kind: str


Event = SessionUpdated | SpeakStarted | SpeakEnded | Answered | Refused | Ignored


class MalformedMessageError(ValueError):
    """What the service sent is no JSON object with a ``type``."""


def decode(text: str | bytes) -> Event:
    """The event in one WebSocket message.

    Raises:
        MalformedMessageError: not JSON, not an object, or without a ``type``. One such message is
            no reason to end a session; the caller counts them.
    """
    try:
        message = json.loads(text)
    except ValueError as error:
        raise MalformedMessageError(f"not JSON: {error}") from error
    kind = message.get("type") if isinstance(message, dict) else None
    if not isinstance(kind, str):
        raise MalformedMessageError("no object with a 'type'")
    return _decode_typed(kind, message)


def _decode_typed(kind: str, message: dict[str, Any]) -> Event:
    source = _text(message, "source_event_id") or _text(message, "event_id")
    match kind:
        case "session.state_updated":
            state = _STATES.get(_text(message, "state").lower())
            return SessionUpdated(state) if state else Ignored(kind)
        case "agent.state_updated":
            return _agent_state(message)
        case "agent.speak_started":
            return SpeakStarted(source)
        case "agent.speak_ended":
            return SpeakEnded(source, interrupted=False)
        case "agent.speak_interrupted":
            return SpeakEnded(source, interrupted=True)
        case _ if kind in ANSWERS:
            return Answered(ANSWERS[kind], source)
        case "error" | "warning":
            return _refused(kind, message)
        case _:
            return Ignored(kind)


def _agent_state(message: dict[str, Any]) -> Event:
    """Playback told by state alone; the message's own id names no utterance."""
    before, after = _text(message, "previous_state"), _text(message, "new_state")
    source = _text(message, "source_event_id")
    if after == "talking" and before != "talking":
        return SpeakStarted(source)
    if before == "talking" and after != "talking":
        return SpeakEnded(source, interrupted=False)
    return Ignored("agent.state_updated")


def _refused(kind: str, message: dict[str, Any]) -> Refused:
    body = message.get(kind)
    fields = body if isinstance(body, dict) else {}
    return Refused(
        kind=_text(fields, "type") or kind,
        message=_text(fields, "message") or (body if isinstance(body, str) else ""),
        event_id=_text(fields, "event_id"),
        is_warning=kind == "warning",
    )


def _text(message: dict[str, Any], key: str) -> str:
    value = message.get(key)
    return value if isinstance(value, str) else ""
