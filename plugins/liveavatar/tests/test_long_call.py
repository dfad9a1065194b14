"""A call that outlives its sessions and its sockets."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from vision_agents.core.testing.puppet import flash_draw
from vision_agents.core.testing.viewer import MeasuredCall
from vision_agents.plugins.liveavatar.avatar import LiveAvatarAvatar
from vision_agents.plugins.liveavatar.sandbox import API_KEY, AVATAR_ID, Faults
from vision_agents.plugins.liveavatar.sandbox.service import SandboxService
from vision_agents.plugins.liveavatar.sandbox.stage import livekit_stages

if TYPE_CHECKING:
    from vision_agents.plugins.livekit.sandbox.server import LiveKitServer

SIZE = (320, 180)
UTTERANCE_S = 2.0
MOST_GAP_S = 0.5

pytestmark = [pytest.mark.wire, pytest.mark.livekit, pytest.mark.proof]


@pytest_asyncio.fixture
async def service(livekit_server: LiveKitServer) -> AsyncIterator[SandboxService]:
    stages = livekit_stages(livekit_server.connection, flash_draw)
    async with SandboxService(stages, api_key=API_KEY, faults=Faults(size=SIZE)) as service:
        yield service


async def long_call(service: SandboxService, seconds: float) -> list[float]:
    """Speak for ``seconds``; the gaps inside utterances. Nothing may be lost, nothing left open."""
    face = LiveAvatarAvatar(
        avatar_id=AVATAR_ID,
        api_key=API_KEY,
        base_url=service.url,
        width=SIZE[0],
        height=SIZE[1],
    )
    most_alive = 0
    async with MeasuredCall(face, source_size=SIZE) as call:
        until_s = time.monotonic() + seconds
        while time.monotonic() < until_s:
            spoken = await call.say(UTTERANCE_S)
            assert spoken.finished.heard_s == pytest.approx(UTTERANCE_S, abs=0.02)
            assert not spoken.finished.interrupted
            most_alive = max(most_alive, len(service.live_sessions))
            await asyncio.sleep(0.4)
        gaps = [gap_s for _, gap_s in call.report().gaps]
    assert most_alive <= 2
    assert service.live_sessions == []
    return gaps


@pytest.mark.timeout(120)
async def test_sessions_are_renewed_before_their_cap(
    service: SandboxService, record_property: Callable[[str, object], None]
) -> None:
    service.faults.max_session_s = 12.0
    gaps = await long_call(service, 30.0)
    reasons = [session.end_reason for session in service.sessions.values()]
    assert reasons.count("MAX_DURATION_REACHED") >= 2
    record_property("longest gap, s", max(gaps, default=0.0))
    assert max(gaps, default=0.0) <= MOST_GAP_S


@pytest.mark.timeout(400)
async def test_three_minutes_with_a_cap_and_sockets_that_drop(
    service: SandboxService, record_property: Callable[[str, object], None]
) -> None:
    service.faults.max_session_s = 12.0
    service.faults.drop_socket_every_s = 5.0
    gaps = await long_call(service, 180.0)
    record_property("longest gap, s", max(gaps, default=0.0))
    sessions = service.sessions.values()
    dials = sum(session.dials for session in sessions)
    print(f"{len(sessions)} sessions, {dials} dials, longest gap {max(gaps, default=0.0):.2f} s")  # noqa: T201
    assert dials - len(sessions) >= 15  # sockets that were dialled again, their session kept
    reasons = {session.end_reason for session in sessions}
    assert reasons <= {"MAX_DURATION_REACHED", "USER_CLOSED"}
    assert max(gaps, default=0.0) <= MOST_GAP_S


@pytest.mark.timeout(120)
async def test_sockets_that_cannot_be_dialled_again(service: SandboxService) -> None:
    service.faults.drop_socket_every_s = 5.0
    service.faults.refuse_redial = True
    await long_call(service, 20.0)
    assert len(service.sessions) >= 3
