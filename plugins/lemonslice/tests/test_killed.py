"""The worker's process is killed: nobody says goodbye, and LiveKit tells only after 20 s."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from itertools import pairwise
from urllib.parse import urlsplit

import pytest

from plugins.lemonslice.tests.helpers import settings_for, until
from plugins.lemonslice.tests.service_process import service_process
from plugins.lemonslice.tests.test_supervised import Log
from vision_agents.core.events.avatar import (
    AvatarConnectedEvent,
    AvatarDegradedEvent,
    AvatarDisconnectedEvent,
    AvatarReconnectingEvent,
)
from vision_agents.core.testing.viewer import MeasuredCall
from vision_agents.plugins.lemonslice import LemonSliceAvatar
from vision_agents.plugins.livekit.sandbox import LiveKitServer

pytestmark = [pytest.mark.wire, pytest.mark.livekit, pytest.mark.timeout(120)]

LOSSES = (AvatarReconnectingEvent, AvatarDegradedEvent, AvatarDisconnectedEvent)


async def test_killed_worker_is_noticed_the_voice_goes_on_and_the_face_comes_back(
    livekit_server: LiveKitServer, record_property: Callable[[str, object], None]
) -> None:
    connection = livekit_server.connection
    async with service_process() as service:
        avatar = LemonSliceAvatar(**settings_for(service, connection).as_arguments())
        log = Log(avatar)
        async with MeasuredCall(avatar) as call:
            await call.say(0.5)
            saying = asyncio.create_task(call.say(8.0))
            playback = avatar.audio_output().playback
            await until(lambda: playback.heard_s(2) > 1.0)
            service.kill()
            killed_s = time.monotonic()
            await until(lambda: any(log.of(kind) for kind in LOSSES))
            noticed_s = time.monotonic() - killed_s
            told = [event.reason for kind in LOSSES for event in log.of(kind)]
            spoken = await asyncio.wait_for(saying, 30)
            (_, *spans) = call.report().utterances
            longest_s = max((b[0] - a[1] for a, b in pairwise(spans)), default=0.0)
            text = (
                f"noticed after {noticed_s:.2f} s ({told}); heard {spoken.finished.heard_s:.2f} of "
                f"8 s, longest silence {longest_s:.2f} s"
            )
            print(text)  # noqa: T201 - figures worth reading in the report
            record_property("figures", text)
            port = urlsplit(service.url).port or 0
            async with service_process(port):
                # The face is back once there is a service again.
                await until(lambda: len(log.of(AvatarConnectedEvent)) == 2, 40)
                again = await call.say(1.0)
    assert noticed_s < 3.0
    assert all(told)
    assert not spoken.finished.interrupted
    assert spoken.finished.heard_s == pytest.approx(8.0, abs=0.4)
    assert longest_s < 1.0
    assert again.finished.heard_s == pytest.approx(1.0, abs=0.05)
