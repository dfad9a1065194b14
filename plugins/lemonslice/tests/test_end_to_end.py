"""An agent's speech to the stand-in and back through a real LiveKit server, as a viewer gets it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import jwt
import pytest

from plugins.lemonslice.tests.helpers import SIZE, serving, settings_for
from vision_agents.core.testing.figures import five_utterances
from vision_agents.core.testing.markers import MarkerDetector
from vision_agents.core.testing.viewer import MeasuredCall
from vision_agents.plugins.lemonslice import LemonSliceAvatar
from vision_agents.plugins.lemonslice.sandbox.service import SandboxService
from vision_agents.plugins.livekit import LiveKitConnection, RoomClient
from vision_agents.plugins.livekit.policy import RECEIVE_SKEW_S
from vision_agents.plugins.livekit.sandbox import LiveKitServer
from vision_agents.plugins.livekit.tokens import join_token

pytestmark = [pytest.mark.wire, pytest.mark.livekit, pytest.mark.timeout(120)]

FPS = 25
SETTLE_S = 3.0  # LiveKit thins the pictures while its bandwidth estimate ramps up


@asynccontextmanager
async def control_pair(
    service: SandboxService, connection: LiveKitConnection
) -> AsyncIterator[MarkerDetector]:
    """What another participant gets of the avatar's own tracks: the room's share of the offset."""
    (remote,) = service.sessions.values()
    claims = jwt.decode(
        remote.body["properties"]["livekit_token"], options={"verify_signature": False}
    )
    detector = MarkerDetector(48_000, fps=FPS)
    room = RoomClient(provider="control")
    room.receive(
        claims["sub"],
        on_video=lambda _, frame: detector.push_video(frame, time.monotonic()),
        on_audio=lambda _, pcm: detector.push_audio(pcm, time.monotonic()),
    )
    token = join_token(connection, room=claims["video"]["room"], identity="control")
    try:
        await room.connect(connection.url, token)
        yield detector
    finally:
        await room.close()


async def test_five_utterances_and_three_interrupts(
    livekit_server: LiveKitServer, record_property: Callable[[str, object], None]
) -> None:
    connection = livekit_server.connection
    async with serving() as service:
        avatar = LemonSliceAvatar(**settings_for(service, connection).as_arguments())
        async with (
            MeasuredCall(avatar, fps=FPS, source_size=SIZE) as call,
            control_pair(service, connection) as control,
        ):
            await asyncio.sleep(SETTLE_S)
            seen = await five_utterances(call)
        # The engine takes the room's own skew out, so that is no part of the difference.
        control_ms = control.report().median_ms + RECEIVE_SKEW_S * 1e3
        relative_ms = call.report().p95_ms(control_ms)
        text = f"{seen}; control pair {control_ms:+.1f} ms, p95 relative {relative_ms:.1f} ms"
        print(text)  # noqa: T201 - figures worth reading in the report
        record_property("figures", text)
        (remote,) = service.sessions.values()
        assert len(remote.worker.clears) == 3
        assert [segment.faults for segment in remote.worker.segments] == [[]] * 5
        assert remote.terminated
    assert seen.markers_missing == ()
    assert seen.length_error_ms <= 20.0
    assert seen.longest_gap_ms <= 20.0
    assert relative_ms <= 45.0
    assert seen.sound_after_interrupt_ms <= 40.0  # 20 ms under way, and the tick that measures


async def test_interrupt_reaches_the_worker_within_50_ms(livekit_server: LiveKitServer) -> None:
    async with serving() as service:
        avatar = LemonSliceAvatar(**settings_for(service, livekit_server.connection).as_arguments())
        async with MeasuredCall(avatar, fps=FPS, source_size=SIZE) as call:
            took_ms = []
            for _ in range(3):
                spoken = await call.say(4.0, interrupt_after_s=0.5)
                assert spoken.interrupted_at_s is not None
                (told, *_) = service.log.all("interrupted", since_s=spoken.interrupted_at_s)
                took_ms.append((told.at_s - spoken.interrupted_at_s) * 1e3)
    assert sorted(took_ms)[1] < 50
