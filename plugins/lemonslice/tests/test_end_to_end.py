"""An agent's speech to the stand-in and back through a real LiveKit server, as a viewer gets it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import jwt
import pytest

from plugins.lemonslice.tests.helpers import SIZE, serving, settings_for
from vision_agents.core.testing.figures import (
    Bars,
    CallFigures,
    five_utterances,
    relative_to,
    settled_figures,
)
from vision_agents.core.testing.viewer import MeasuredCall
from vision_agents.plugins.lemonslice import LemonSliceAvatar
from vision_agents.plugins.livekit.policy import RECEIVE_SKEW_S
from vision_agents.plugins.livekit.sandbox import LiveKitServer
from vision_agents.plugins.livekit.testing import control_pair

pytestmark = [pytest.mark.wire, pytest.mark.livekit, pytest.mark.timeout(200)]

FPS = 25
SETTLE_S = 3.0  # LiveKit thins the pictures while its bandwidth estimate ramps up


async def test_five_utterances_and_three_interrupts(
    livekit_server: LiveKitServer, record_property: Callable[[str, object], None]
) -> None:
    connection = livekit_server.connection

    async def measure() -> CallFigures:
        async with serving() as service:
            avatar = LemonSliceAvatar(**settings_for(service, connection).as_arguments())
            async with MeasuredCall(avatar, fps=FPS, source_size=SIZE) as call:
                (remote,) = service.sessions.values()
                claims = jwt.decode(
                    remote.body["properties"]["livekit_token"],
                    options={"verify_signature": False},
                )
                async with control_pair(
                    connection, room=claims["video"]["room"], identity=claims["sub"]
                ) as control:
                    await asyncio.sleep(SETTLE_S)
                    seen = await five_utterances(call)
            assert len(remote.worker.clears) == 3
            assert [segment.faults for segment in remote.worker.segments] == [[]] * 5
            assert remote.terminated
        # The engine takes the room's own skew out, so that is no part of the difference.
        control_ms = control.report().median_ms + RECEIVE_SKEW_S * 1e3
        seen = relative_to(seen, call.report(), control_ms)
        text = f"{seen} (offsets relative to a control pair in the same room)"
        print(text)  # noqa: T201 - figures worth reading in the report
        record_property("figures", text)
        return seen

    bars = Bars()
    assert bars.missed(await settled_figures(measure, bars)) == []


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
