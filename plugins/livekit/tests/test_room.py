"""The room client against a real server."""

from __future__ import annotations

import asyncio
import time
from fractions import Fraction

import av
import numpy as np
import pytest

from plugins.livekit.tests.helpers import SIZE, grey, joined, performing
from vision_agents.core.errors import (
    AuthError,
    DisconnectedError,
    ProviderTimeoutError,
    StateError,
)
from vision_agents.core.media import PcmData
from vision_agents.core.testing.puppet import Puppet
from vision_agents.plugins.livekit import rooms
from vision_agents.plugins.livekit.connection import LiveKitConnection
from vision_agents.plugins.livekit.events import (
    DataReceived,
    Disconnected,
    ParticipantJoined,
    ParticipantLeft,
    RoomEvent,
    TrackEnded,
    TrackStarted,
)
from vision_agents.plugins.livekit.room import RoomClient
from vision_agents.plugins.livekit.sandbox import LiveKitServer
from vision_agents.plugins.livekit.tokens import join_token

pytestmark = [pytest.mark.wire, pytest.mark.livekit]


async def test_media_of_the_expected_participant_only(
    livekit_server: LiveKitServer, room_name: str
) -> None:
    frames: list[av.VideoFrame] = []
    sound: list[PcmData] = []
    who: set[str] = set()
    log: list[RoomEvent] = []
    async with (
        joined(livekit_server, room_name, "listener", log=log) as listener,
        joined(livekit_server, room_name, "avatar", agent=True) as avatar,
        joined(livekit_server, room_name, "stranger") as stranger,
    ):

        def on_video(name: str, frame: av.VideoFrame) -> None:
            who.add(name)
            frames.append(frame)

        def on_audio(name: str, pcm: PcmData) -> None:
            who.add(name)
            sound.append(pcm)

        listener.receive("avatar", on_video=on_video, on_audio=on_audio)
        puppet = Puppet(grey, rate_hz=16_000, fps=25, latency_s=0.0)
        puppet.speak("u1", (8000 * np.sin(np.arange(16_000) / 5)).astype(np.int16))
        async with (
            performing(avatar, puppet),
            performing(stranger, Puppet(grey, rate_hz=16_000, fps=25)),
        ):
            await listener.wait_for_track("avatar", "video", timeout_s=10)
            await listener.wait_for_track("avatar", "audio", timeout_s=10)
            await asyncio.sleep(2)
    assert who == {"avatar"}
    assert {(f.width, f.height, f.format.name, f.time_base) for f in frames} == {
        (*SIZE, "yuv420p", Fraction(1, 1_000_000))
    }
    steps_ms = np.diff([frame.pts for frame in frames]) / 1000
    assert steps_ms.min() >= 0
    assert 30 < np.median(steps_ms) < 50
    assert {(p.sample_rate, p.channels, len(p)) for p in sound} == {(48_000, 1, 480)}
    assert max(int(np.abs(p.samples).max()) for p in sound) > 4000
    assert log.count(ParticipantJoined("avatar", is_agent=True)) == 1
    assert TrackStarted("avatar", "video") in log
    assert not any(isinstance(e, TrackStarted) and e.identity == "stranger" for e in log)


async def test_leaving_is_told_with_its_reason(
    livekit_server: LiveKitServer, room_name: str
) -> None:
    log: list[RoomEvent] = []
    async with joined(livekit_server, room_name, "listener", log=log) as listener:
        listener.receive("avatar", on_audio=lambda name, pcm: None)
        async with (
            joined(livekit_server, room_name, "avatar") as avatar,
            performing(avatar, Puppet(grey, rate_hz=16_000, fps=25), video=False),
        ):
            await listener.wait_for_track("avatar", "audio", timeout_s=10)
        left_s = time.monotonic()
        while not any(isinstance(event, ParticipantLeft) for event in log):
            await asyncio.sleep(0.01)
        assert time.monotonic() - left_s < 3
        async with joined(livekit_server, room_name, "second"):
            await listener.wait_for_participant("second", timeout_s=5)
            assert await rooms.remove_participant(livekit_server.connection, room_name, "second")
            while not any(e.identity == "second" for e in log if isinstance(e, ParticipantLeft)):
                await asyncio.sleep(0.01)
        assert await rooms.delete_room(livekit_server.connection, room_name)
        while not any(isinstance(event, Disconnected) for event in log):
            await asyncio.sleep(0.01)
        with pytest.raises(DisconnectedError, match="room_deleted"):
            await listener.send_data(b"x", topic="t", to="avatar")
    assert ParticipantLeft("avatar", "client_initiated") in log
    assert ParticipantLeft("second", "participant_removed") in log
    assert Disconnected("room_deleted") in log
    assert any(isinstance(e, TrackEnded) and e.identity == "avatar" for e in log)


async def test_data_and_calls_go_both_ways(livekit_server: LiveKitServer, room_name: str) -> None:
    log: list[RoomEvent] = []
    async with (
        joined(livekit_server, room_name, "one", log=log) as one,
        joined(livekit_server, room_name, "two") as two,
    ):
        await two.wait_for_participant("one", timeout_s=5)
        await one.wait_for_participant("two", timeout_s=5)

        async def answer(call: object) -> str:
            return "pong"

        one.serve("ping", answer)
        assert await two.call("one", "ping", "", timeout_s=2) == "pong"
        await two.send_data(b"hello", topic="greeting", to="one")
        while DataReceived("two", "greeting", b"hello") not in log:
            await asyncio.sleep(0.01)


async def test_waiting_for_somebody_who_never_comes_names_the_phase(
    livekit_server: LiveKitServer, room_name: str
) -> None:
    async with joined(livekit_server, room_name, "alone") as alone:
        with pytest.raises(ProviderTimeoutError, match="godot to join the LiveKit room"):
            await alone.wait_for_participant("godot", timeout_s=0.2)
        with pytest.raises(ProviderTimeoutError, match="no answer within"):
            await alone.wait_for_participant(None, timeout_s=0.1)
        waiting = asyncio.create_task(alone.wait_for_participant("godot", timeout_s=30))
        await asyncio.sleep(0.05)
        await alone.close()
        with pytest.raises(DisconnectedError, match="while waiting"):
            await waiting


async def test_wrong_key_is_an_auth_error_that_holds_no_secret(
    livekit_server: LiveKitServer, room_name: str, caplog: pytest.LogCaptureFixture
) -> None:
    url = livekit_server.connection.url
    wrong = LiveKitConnection(url, "devkey", "another-secret-of-at-least-32-characters")
    client = RoomClient(provider="test")
    with pytest.raises(AuthError, match="LIVEKIT_API_KEY") as caught:
        await client.connect(url, join_token(wrong, room=room_name, identity="x"))
    assert "secret-of" not in str(caught.value)
    assert "secret-of" not in repr(wrong)
    async with asyncio.timeout(10):  # the SDK's own line, which its native side sends in batches
        while "invalid token: <token>" not in caplog.text:
            await asyncio.sleep(0.05)
    assert "eyJ" not in caplog.text
    with pytest.raises(StateError):
        await client.connect(url, "again")
    await client.close()


async def test_no_server_is_a_disconnection_in_time() -> None:
    connection = LiveKitConnection("ws://127.0.0.1:9", "k", "a-secret-of-at-least-32-characters")
    client = RoomClient(provider="test")
    begun_s = time.monotonic()
    with pytest.raises((DisconnectedError, ProviderTimeoutError)):
        await client.connect(
            connection.url, join_token(connection, room="r", identity="x"), timeout_s=3
        )
    await client.close()
    assert time.monotonic() - begun_s < 7


async def test_cancelled_connect_leaves_nobody_in_the_room(
    livekit_server: LiveKitServer, room_name: str
) -> None:
    for delay_s in (0.0, 0.02, 0.1, 0.3):
        client = RoomClient(provider="test")
        token = join_token(livekit_server.connection, room=room_name, identity="ghost")
        connecting = asyncio.create_task(client.connect(livekit_server.connection.url, token))
        await asyncio.sleep(delay_s)
        connecting.cancel()
        await asyncio.wait({connecting})
        await client.close()
        await client.close()
    assert await rooms.participants(livekit_server.connection, room_name) == []


async def test_expired_token_is_an_auth_error(
    livekit_server: LiveKitServer, room_name: str
) -> None:
    connection = livekit_server.connection
    client = RoomClient(provider="test")
    token = join_token(connection, room=room_name, identity="late", ttl_s=-3600)
    with pytest.raises(AuthError):
        await client.connect(connection.url, token)
    await client.close()


async def test_frozen_server_is_a_time_out_that_names_the_phase(
    own_livekit_server: LiveKitServer,
) -> None:
    connection = own_livekit_server.connection
    own_livekit_server.pause()
    client = RoomClient(provider="test")
    with pytest.raises((ProviderTimeoutError, DisconnectedError)):
        await client.connect(
            connection.url, join_token(connection, room="r", identity="x"), timeout_s=1.5
        )
    own_livekit_server.stop()
    await client.close()
