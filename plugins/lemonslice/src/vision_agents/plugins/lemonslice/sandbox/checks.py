"""What the service refuses, as its schema of 2026-07 and the documents say."""

from __future__ import annotations

from typing import Any

import jwt

BASE_FIELDS = frozenset(
    {
        "transport_type", "properties", "agent_id", "agent_image_url", "agent_prompt",
        "agent_idle_prompt", "idle_timeout", "response_done_timeout", "simulcast",
    }
)  # fmt: skip
NEWER_FIELDS = frozenset({"model", "aspect_ratio", "action_engine"})
MODELS = ("flash", "lite", "pro", "cwm-1", "cwm-1-lite")
ASPECT_RATIOS = ("2x3", "9x16", "1x1")


def problem_with_body(body: Any, *, has_image: bool, old_schema: bool) -> str | None:
    """Why the body of a ``create`` is refused with 400; ``None`` when it is not."""
    if not isinstance(body, dict):
        return "body must be a JSON object"
    known = BASE_FIELDS if old_schema else BASE_FIELDS | NEWER_FIELDS
    unknown = sorted(set(body) - known)
    if unknown:
        return f"unknown field: {', '.join(unknown)}"
    if body.get("transport_type") not in ("livekit", "daily"):
        return "transport_type must be livekit or daily"
    sources = [bool(body.get("agent_id")), bool(body.get("agent_image_url")), has_image]
    if sum(sources) != 1:
        return "exactly one of agent_id, agent_image_url and an uploaded image is required"
    return _wrong_value(body) or _problem_with_properties(body.get("properties"))


def _wrong_value(body: dict[str, Any]) -> str | None:
    idle = body.get("idle_timeout", 60)
    if not isinstance(idle, int) or isinstance(idle, bool):
        return "idle_timeout must be an integer"
    done = body.get("response_done_timeout")
    if done is not None and (isinstance(done, bool) or not isinstance(done, (int, float))):
        return "response_done_timeout must be a number"
    if body.get("model") is not None and body["model"] not in MODELS:
        return f"model must be one of {', '.join(MODELS)}"
    if body.get("aspect_ratio", "2x3") not in ASPECT_RATIOS:
        return f"aspect_ratio must be one of {', '.join(ASPECT_RATIOS)}"
    if body.get("model") == "lite" and body.get("aspect_ratio") == "9x16":
        return "model lite does not support aspect_ratio 9x16"
    if body.get("action_engine") not in (None, "natural"):
        return "action_engine must be natural"
    return None


def _problem_with_properties(properties: Any) -> str | None:
    if not isinstance(properties, dict):
        return "properties must be an object"
    for name in ("livekit_url", "livekit_token"):
        if not isinstance(properties.get(name), str) or not properties[name]:
            return f"properties.{name} is required"
    return problem_with_token(properties["livekit_token"])


def problem_with_token(token: str) -> str | None:
    """Why a worker could not work with this join token. The signature is the server's affair."""
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except jwt.PyJWTError as error:
        return f"livekit_token is no token: {error}"
    grants = claims.get("video", {})
    if not grants.get("roomJoin") or not grants.get("room"):
        return "livekit_token does not allow to join a room"
    for grant in ("canPublish", "canSubscribe", "canPublishData"):
        if grants.get(grant, True) is not True:
            return f"livekit_token does not allow {grant}"
    if claims.get("kind") != "agent":
        return "livekit_token must be of kind agent"
    if not claims.get("sub"):
        return "livekit_token has no identity"
    return None
