"""LemonSlice's messages, built and read without any I/O.

Sources: the API reference and its OpenAPI snapshot of 2026-07-17, the official LiveKit plugin of
2026-08. The service refuses fields it does not know, and the newer ones are not known everywhere,
so that only what the user asked for is sent.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vision_agents.plugins.lemonslice.settings import LemonSliceSettings
    from vision_agents.plugins.livekit.guest import Invitation

SAMPLE_RATE_HZ = 16_000
DATA_TOPIC = "lemonslice"
ACTION_TOPIC = "ls.action"
USER_STATE_TOPIC = "ls.user-state"


def session_body(settings: LemonSliceSettings, invitation: Invitation) -> dict[str, Any]:
    """The body of ``POST /liveai/sessions``."""
    properties = {"livekit_url": invitation.url, "livekit_token": invitation.token}
    if invitation.room_sid:
        properties["livekit_session_id"] = invitation.room_sid
    optional = {
        "agent_id": settings.agent_id,
        "agent_image_url": settings.agent_image_url,
        "agent_prompt": settings.agent_prompt,
        "agent_idle_prompt": settings.agent_idle_prompt,
        "response_done_timeout": settings.response_done_timeout,
        "simulcast": settings.simulcast or None,
        "model": settings.model,
        "action_engine": settings.action_engine,
        "aspect_ratio": settings.aspect_ratio if settings.aspect_ratio != "2x3" else None,
    }
    return {
        "transport_type": "livekit",
        "properties": properties,
        "idle_timeout": settings.idle_timeout,
        **{name: value for name, value in optional.items() if value is not None},
    }


def user_state(speaking: bool) -> bytes:
    """The data message that makes the face attentive, or lets it rest."""
    return json.dumps({"state": "speaking" if speaking else "idle"}).encode()


def action(name: str) -> bytes:
    """The data message for a gesture such as ``wave``."""
    return json.dumps({"action": name}).encode()


@dataclass(frozen=True, slots=True)
class BotReady:
    """The worker is in the room. May come twice, and proves no picture."""


@dataclass(frozen=True, slots=True)
class IdleTimeout:
    """It leaves next, for want of speech."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something failed over there; ``fatal`` means that it leaves next."""

    text: str
    fatal: bool


@dataclass(frozen=True, slots=True)
class Latencies:
    """What the service measured, in seconds."""

    seconds: dict[str, float]


@dataclass(frozen=True, slots=True)
class ImageChanged:
    """An ``update-image`` is through, or has failed."""

    ok: bool


Message = BotReady | IdleTimeout | Trouble | Latencies | ImageChanged


def parse(payload: bytes) -> Message | None:
    """A data message of the worker; ``None`` for what we do not know, as the service asks."""
    try:
        told = json.loads(payload)
    except ValueError:
        return None
    if not isinstance(told, dict):
        return None
    match told.get("type"):
        case "bot_ready":
            return BotReady()
        case "idle_timeout":
            return IdleTimeout()
        case "error":
            return Trouble(str(told.get("error", "unknown")), bool(told.get("fatal")))
        case "video_generation_error":
            return Trouble("video generation failed", fatal=False)
        case "metric":
            return Latencies(_latencies(told))
        case "image_change_complete":
            return ImageChanged(ok=True)
        case "image_change_error":
            return ImageChanged(ok=False)
    return None


def _latencies(told: dict[str, Any]) -> dict[str, float]:
    """Seen both as float seconds and as whole milliseconds."""
    return {
        name: value / 1000 if isinstance(value, int) else value
        for name, value in told.items()
        if isinstance(value, (int, float)) and not isinstance(value, bool)
    }
