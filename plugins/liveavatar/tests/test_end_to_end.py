"""An agent's speech to the stand-in and back through a real LiveKit server, as a viewer gets it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from vision_agents.core.testing.figures import (
    Bars,
    CallFigures,
    five_utterances,
    relative_to,
    settled_figures,
)
from vision_agents.core.testing.puppet import flash_draw
from vision_agents.core.testing.viewer import MeasuredCall
from vision_agents.plugins.liveavatar.avatar import LiveAvatarAvatar
from vision_agents.plugins.liveavatar.sandbox import API_KEY, AVATAR_ID
from vision_agents.plugins.liveavatar.sandbox.service import SandboxService
from vision_agents.plugins.liveavatar.sandbox.stage import AVATAR_IDENTITY, livekit_stages
from vision_agents.plugins.liveavatar.wire import MAX_MESSAGE_BYTES
from vision_agents.plugins.livekit.policy import RECEIVE_SKEW_S
from vision_agents.plugins.livekit.testing import control_pair

if TYPE_CHECKING:
    from vision_agents.plugins.livekit.sandbox.server import LiveKitServer

SIZE = (640, 360)
SETTLE_S = 3.0  # LiveKit thins the pictures while its bandwidth estimate ramps up

pytestmark = [pytest.mark.wire, pytest.mark.livekit, pytest.mark.timeout(200)]


@pytest_asyncio.fixture
async def service(livekit_server: LiveKitServer) -> AsyncIterator[SandboxService]:
    stages = livekit_stages(livekit_server.connection, flash_draw)
    async with SandboxService(stages, api_key=API_KEY) as service:
        yield service


def avatar(service: SandboxService, **values: Any) -> LiveAvatarAvatar:
    return LiveAvatarAvatar(
        avatar_id=AVATAR_ID,
        api_key=API_KEY,
        base_url=service.url,
        video_quality="low",
        width=SIZE[0],
        height=SIZE[1],
        **values,
    )


async def test_five_utterances_and_three_interrupts(
    service: SandboxService,
    livekit_server: LiveKitServer,
    record_property: Callable[[str, object], None],
) -> None:
    async def measure() -> CallFigures:
        async with MeasuredCall(avatar(service), source_size=SIZE) as call:
            session = list(service.sessions.values())[-1]
            async with control_pair(
                livekit_server.connection, room=session.session_id, identity=AVATAR_IDENTITY
            ) as control:
                await asyncio.sleep(SETTLE_S)
                seen = await five_utterances(call)
            # The engine takes the room's own skew out, so that is no part of the difference.
            control_ms = control.report().median_ms + RECEIVE_SKEW_S * 1e3
            seen = relative_to(seen, call.report(), control_ms)
        text = f"{seen} (offsets relative to a control pair in the same room)"
        print(text)  # noqa: T201 - figures worth reading in the report
        record_property("figures", text)
        return seen

    bars = Bars()
    seen = await settled_figures(measure, bars)
    assert service.live_sessions == []
    for session in service.sessions.values():
        assert session.too_early == 0
        assert max(session.message_bytes) <= MAX_MESSAGE_BYTES
        assert Counter(session.received)["agent.interrupt"] == 3
        assert session.end_reason == "USER_CLOSED"
    assert bars.missed(seen) == []


@pytest.mark.parametrize("family", ["speak", "state"])
async def test_either_family_of_events_will_do(service: SandboxService, family: str) -> None:
    service.faults.playback_family = family
    service.faults.old_dialect = family == "speak"
    async with MeasuredCall(avatar(service), source_size=SIZE) as call:
        spoken = await call.say(1.0)
    assert not spoken.finished.interrupted
    assert spoken.finished.heard_s == pytest.approx(1.0, abs=0.02)


async def test_a_session_that_never_connects_leaves_the_voice(service: SandboxService) -> None:
    service.faults.never_connected = True
    face = avatar(service)
    face.start_timeout_s = 2.0
    async with MeasuredCall(face, source_size=SIZE) as call:
        spoken = await call.say(1.0)
        assert spoken.finished.heard_s == pytest.approx(1.0, abs=0.02)
    assert service.live_sessions == []
