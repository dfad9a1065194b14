"""Settings are refused where the service would refuse them."""

from __future__ import annotations

from typing import Any

import pytest

from vision_agents.core.errors import ConfigError
from vision_agents.plugins.lemonslice import LemonSliceSettings
from vision_agents.plugins.lemonslice.sandbox.checks import problem_with_body
from vision_agents.plugins.lemonslice.wire import session_body
from vision_agents.plugins.livekit.connection import LiveKitConnection
from vision_agents.plugins.livekit.guest import Invitation
from vision_agents.plugins.livekit.tokens import avatar_token

CONNECTION = LiveKitConnection("ws://127.0.0.1:1", "key", "a-secret-of-at-least-32-characters")
ENVIRON = {
    "LEMONSLICE_API_KEY": "ls-secret",
    "LIVEKIT_URL": CONNECTION.url,
    "LIVEKIT_API_KEY": CONNECTION.api_key,
    "LIVEKIT_API_SECRET": CONNECTION.api_secret,
}


def settings(environ: dict[str, str] | None = None, **values: Any) -> LemonSliceSettings:
    return LemonSliceSettings.from_env(environ={**ENVIRON, **(environ or {})}, **values)


def invitation() -> Invitation:
    token = avatar_token(CONNECTION, room="r", identity="avatar", agent_identity="agent")
    return Invitation(CONNECTION.url, token, "r", "RM_1", "avatar", "agent")


def test_smallest_body_is_what_the_first_schema_knows() -> None:
    body = session_body(settings(agent_id="a1"), invitation())
    assert body["properties"].keys() == {"livekit_url", "livekit_token", "livekit_session_id"}
    assert body["agent_id"] == "a1"
    assert problem_with_body(body, has_image=False, old_schema=True) is None


def test_every_field_is_sent_when_it_is_said() -> None:
    said = settings(
        agent_image_url="https://example.org/face.png",
        agent_prompt="talks",
        agent_idle_prompt="waits",
        idle_timeout=-1,
        response_done_timeout=0.5,
        simulcast=True,
        model="cwm-1",
        action_engine="natural",
        aspect_ratio="1x1",
    )
    body = session_body(said, invitation())
    assert {name: body[name] for name in body if name not in ("properties", "transport_type")} == {
        "agent_image_url": "https://example.org/face.png",
        "agent_prompt": "talks",
        "agent_idle_prompt": "waits",
        "idle_timeout": -1,
        "response_done_timeout": 0.5,
        "simulcast": True,
        "model": "cwm-1",
        "action_engine": "natural",
        "aspect_ratio": "1x1",
    }
    assert problem_with_body(body, has_image=False, old_schema=False) is None
    assert said.size == (456, 456)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "none is set"),
        ({"agent_id": "a", "agent_image_url": "u"}, "agent_id and agent_image_url are set"),
        ({"agent_id": "a", "agent_image_path": "p"}, "agent_id and agent_image_path are set"),
        ({"agent_id": "a", "idle_timeout": 0}, "idle_timeout is 0"),
        ({"agent_id": "a", "response_done_timeout": -1.0}, "positive number of seconds"),
        ({"agent_id": "a", "model": "lite", "aspect_ratio": "9x16"}, "2x3 and 1x1 only"),
        ({"agent_id": "a", "model": "huge"}, "model must be"),
        ({"agent_id": "a", "action_engine": "natural"}, "needs model='cwm-1'"),
        ({"agent_id": "a", "livekit_url": "localhost:7880"}, "must begin with ws://"),
    ],
)
def test_refused(values: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        settings(**values).connection()


def test_argument_silences_the_other_face_of_the_environment() -> None:
    both = {"LEMONSLICE_AGENT_ID": "env-agent"}
    assert settings(both).agent_id == "env-agent"
    said = settings(both, agent_image_url="https://example.org/face.png")
    assert (said.agent_id, said.agent_image_url) == (None, "https://example.org/face.png")
    with pytest.raises(ConfigError, match="are set"):
        settings({**both, "LEMONSLICE_AGENT_IMAGE_URL": "https://example.org/face.png"})


def test_missing_key_names_its_variable_and_no_secret_is_shown() -> None:
    with pytest.raises(ConfigError, match="LEMONSLICE_API_KEY"):
        LemonSliceSettings.from_env(environ={}, agent_id="a")
    shown = repr(settings(agent_id="a"))
    assert "ls-secret" not in shown
    assert CONNECTION.api_secret not in shown
    assert invitation().token not in repr(invitation())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"agent_image_url": "u"}, "exactly one"),
        ({"agent_id": None}, "exactly one"),
        ({"transport_type": "agora"}, "transport_type"),
        ({"colour": "red"}, "unknown field: colour"),
        ({"idle_timeout": "60"}, "idle_timeout"),
        ({"properties": {"livekit_url": "ws://x"}}, "livekit_token is required"),
        ({"properties": {"livekit_url": "ws://x", "livekit_token": "abc"}}, "is no token"),
        ({"model": "lite", "aspect_ratio": "9x16"}, "does not support"),
    ],
)
def test_stand_in_refuses_what_the_service_does(change: dict[str, Any], words: str) -> None:
    body = session_body(settings(agent_id="a1"), invitation()) | change
    problem = problem_with_body(body, has_image=False, old_schema=False)
    assert problem is not None
    assert words in problem


def test_old_schema_knows_no_model() -> None:
    body = session_body(settings(agent_id="a1", model="pro"), invitation())
    assert problem_with_body(body, has_image=False, old_schema=True) == "unknown field: model"
