"""Our token for the LiveKit room is over in mid-call: that bites when the connection breaks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from itertools import pairwise

import pytest

from plugins.lemonslice.tests.helpers import serving, settings_for, until
from plugins.lemonslice.tests.test_supervised import Log
from plugins.lemonslice.tests.wire_cutter import WireCutter
from vision_agents.core.events.avatar import AvatarConnectedEvent, AvatarReconnectingEvent
from vision_agents.core.testing.viewer import MeasuredCall
from vision_agents.plugins.lemonslice import LemonSliceAvatar
from vision_agents.plugins.livekit.sandbox import LiveKitServer

pytestmark = [pytest.mark.wire, pytest.mark.livekit, pytest.mark.timeout(120)]

LEEWAY_S = 60.0  # a LiveKit server takes a token for a minute longer


def longest_silence_s(call: MeasuredCall, since_s: float) -> float:
    """Within speech, from a little before ``since_s`` on."""
    report = call.report()
    spans = [span for span in report.utterances if span[1] > since_s - 1.0]
    between = [b[0] - a[1] for a, b in pairwise(spans)]
    within = [gap_s for at_s, gap_s in report.gaps if at_s > since_s - 1.0]
    return max(between + within, default=0.0)


@pytest.mark.parametrize("whose", ["-agent", ""], ids=["ours", "everybodys"])
async def test_token_that_is_over_when_the_connection_breaks(
    livekit_server: LiveKitServer, whose: str, record_property: Callable[[str, object], None]
) -> None:
    async with WireCutter(livekit_server.connection) as wire, serving() as service:
        avatar = LemonSliceAvatar(**settings_for(service, wire.connection).as_arguments())
        log = Log(avatar)
        async with MeasuredCall(avatar) as call:
            saying = asyncio.create_task(call.say(8.0))
            playback = avatar.audio_output().playback
            await until(lambda: playback.heard_s(1) > 1.5)
            wire.expire(whose)
            expired_s = time.monotonic()
            await until(lambda: log.of(AvatarReconnectingEvent), 6)
            noticed_s = time.monotonic() - expired_s
            await until(lambda: len(log.of(AvatarConnectedEvent)) == 2, 15)
            back_s = time.monotonic() - expired_s
            spoken = await asyncio.wait_for(saying, 20)
            silence_s = longest_silence_s(call, expired_s)
            again = await call.say(1.0)
        assert not service.alive
    (told,) = [event.reason for event in log.of(AvatarReconnectingEvent)]
    text = (
        f"noticed after {noticed_s:.2f} s ({told}), back after {back_s:.2f} s; heard "
        f"{spoken.finished.heard_s:.2f} of 8 s, longest silence {silence_s:.2f} s"
    )
    print(text)  # noqa: T201 - figures worth reading in the report
    record_property("figures", text)
    assert noticed_s < 3.0
    assert "connection to the LiveKit room was lost" in told
    assert silence_s < 1.0
    assert not spoken.finished.interrupted
    assert spoken.finished.heard_s == pytest.approx(8.0, abs=0.4)
    assert again.finished.heard_s == pytest.approx(1.0, abs=0.05)


class BriefAvatar(LemonSliceAvatar):
    """Its token is taken for two more seconds."""

    token_ttl_s = 2.0 - LEEWAY_S


async def test_brief_token_is_refreshed_by_the_server(livekit_server: LiveKitServer) -> None:
    async with WireCutter(livekit_server.connection) as wire, serving() as service:
        avatar = BriefAvatar(**settings_for(service, wire.connection).as_arguments())
        async with MeasuredCall(avatar) as call:
            await call.say(0.5)
            await asyncio.sleep(3.0)
            saying = asyncio.create_task(call.say(6.0))
            await until(lambda: avatar.audio_output().playback.heard_s(2) > 1.0)
            wire.cut()
            cut_s = time.monotonic()
            spoken = await asyncio.wait_for(saying, 20)
            silence_s = longest_silence_s(call, cut_s)
            again = await call.say(1.0)
        assert not service.alive
    assert silence_s < 1.0
    assert not spoken.finished.interrupted
    assert spoken.finished.heard_s == pytest.approx(6.0, abs=0.4)
    assert again.finished.heard_s == pytest.approx(1.0, abs=0.05)
