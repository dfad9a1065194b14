"""What LemonSlice has beyond speaking, and what the registry and the doctor say about it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from plugins.lemonslice.tests.helpers import Received, serving, session_at, settings_for
from vision_agents.core.errors import AuthError, ConfigError, ProtocolError, StateError
from vision_agents.core.plugin import Registry
from vision_agents.core.plugin.records import load_target
from vision_agents.plugins.lemonslice import LemonSliceAvatar
from vision_agents.plugins.lemonslice.api import LemonSliceApi
from vision_agents.plugins.lemonslice.doctor import doctor
from vision_agents.plugins.lemonslice.guest import LemonSliceGuest
from vision_agents.plugins.lemonslice.sandbox import AGENT_ID, API_KEY, sandbox
from vision_agents.plugins.livekit import LiveKitConnection
from vision_agents.plugins.livekit.events import DataReceived
from vision_agents.plugins.livekit.sandbox import LiveKitServer

NOWHERE = LiveKitConnection("ws://127.0.0.1:9", "key", "a-secret-of-at-least-32-characters")


@pytest.mark.livekit
async def test_actions_prompts_and_images(livekit_server: LiveKitServer) -> None:
    heard: list[DataReceived] = []
    async with (
        serving() as service,
        session_at(service, livekit_server.connection, Received()) as session,
    ):
        (remote,) = service.sessions.values()
        remote.worker.on_data = heard.append
        guest = session.guest
        assert isinstance(guest, LemonSliceGuest)
        await guest.act("wave")
        await guest.user_speaking(True)
        await guest.user_speaking(False)
        await guest.control("update-agent-prompt", agent_prompt="dance")
        await guest.control("pose-trigger", pose_trigger={"name": "bow"})
        await guest.update_image("https://example.org/good.png")
        with pytest.raises(ProtocolError, match="could not be used"):
            await guest.update_image("https://example.org/bad.png")
        with pytest.raises(ProtocolError, match="unknown event"):
            await guest.control("explode")
        async with asyncio.timeout(3):
            while len(heard) < 3:
                await asyncio.sleep(0.02)
    told = [(message.topic, json.loads(message.payload)) for message in heard]
    assert told == [
        ("ls.action", {"action": "wave"}),
        ("ls.user-state", {"state": "speaking"}),
        ("ls.user-state", {"state": "idle"}),
    ]
    assert remote.controls[:3] == ["update-agent-prompt", "pose-trigger", "update-image"]


async def test_an_uploaded_image_goes_as_a_form(tmp_path: Path) -> None:
    from vision_agents.plugins.livekit.guest import Invitation
    from vision_agents.plugins.livekit.tokens import avatar_token

    face = tmp_path / "face.png"
    token = avatar_token(NOWHERE, room="r", identity="a", agent_identity="b")
    invitation = Invitation(NOWHERE.url, token, "r", None, "a", "b")
    async with serving() as service:
        values: dict[str, Any] = {"agent_id": None, "agent_image_path": str(face)}
        api = LemonSliceApi(settings_for(service, NOWHERE, **values))
        with pytest.raises(ConfigError, match="agent_image_path"):
            await api.create(invitation)
        face.write_bytes(b"\x89PNG")
        assert (await api.create(invitation)).startswith("livekit-")
        await api.close()


async def test_status_and_cost_when_it_is_over(livekit_server: LiveKitServer) -> None:
    async with serving() as service:
        api = LemonSliceApi(settings_for(service, livekit_server.connection))
        async with session_at(service, livekit_server.connection, Received()) as session:
            assert session.guest is not None
            session_id = session.guest.session_id
            assert (await api.status(session_id))["session_status"] == "ACTIVE"
        over = await api.status(session_id)
        assert over["session_status"] == "COMPLETED"
        assert over["cost"] > 0
        await api.terminate(session_id)  # again: harmless
        await api.close()


async def test_nothing_can_be_asked_of_an_avatar_without_a_session() -> None:
    async with serving() as service:
        avatar = LemonSliceAvatar(**settings_for(service, NOWHERE).as_arguments())
        for asking in (avatar.act("wave"), avatar.update_image("u"), avatar.pose("p")):
            with pytest.raises(StateError, match=r"start\(\)"):
                await asking
        await avatar.close()


async def test_doctor_says_what_is_wrong(livekit_server: LiveKitServer) -> None:
    async with serving() as service:
        good = settings_for(service, livekit_server.connection)
        assert [check.ok for check in await doctor(good, online=True)] == [True, True]
        assert [check.ok for check in await doctor(good, online=False)] == [None]
        bad = settings_for(service, NOWHERE, api_key="wrong")
        key, server = await doctor(bad, online=True)
        assert (key.ok, server.ok) == (False, False)
        assert "LEMONSLICE_API_KEY" in key.remedy
        assert "LIVEKIT_URL" in server.remedy
        assert "wrong" not in key.detail


def test_record_in_the_registry() -> None:
    record = Registry().avatar("lemonslice")
    assert record.capabilities.sample_rate_hz == 16_000
    assert record.sandbox is not None
    assert load_target(record.sandbox) is sandbox


@pytest.mark.livekit
async def test_sandbox_yields_an_environment_that_works(livekit_server: LiveKitServer) -> None:
    async with sandbox() as environ:
        avatar = Registry().avatar("lemonslice").settings.from_env(environ=environ)
        assert (avatar.agent_id, avatar.api_key) == (AGENT_ID, API_KEY)  # type: ignore[attr-defined]
        checks = await doctor(avatar, online=True)  # type: ignore[arg-type]
        assert all(check.ok for check in checks)
    async with sandbox(faults=["wrong-key", "freezes"]) as environ:
        api = LemonSliceApi(Registry().avatar("lemonslice").settings.from_env(environ=environ))  # type: ignore[arg-type]
        await api.check_key()
        await api.close()
    with pytest.raises(ValueError, match="no fault named 'nonsense'; there are: wrong-key"):
        async with sandbox(faults=["nonsense"]):
            pass


async def test_wrong_key_is_an_auth_error() -> None:
    async with serving() as service:
        api = LemonSliceApi(settings_for(service, NOWHERE, api_key="wrong"))
        with pytest.raises(AuthError, match="invalid API key"):
            await api.check_key()
        await api.close()
