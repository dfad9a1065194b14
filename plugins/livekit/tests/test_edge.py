"""The LiveKit edge in a real room: it hears, it ends, and it says what is wrong."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from plugins.livekit.tests.helpers import grey, joined, performing
from vision_agents.core import User
from vision_agents.core.edge.call import Call
from vision_agents.core.errors import AuthError, ConfigError, DisconnectedError, StateError
from vision_agents.core.plugin import Registry
from vision_agents.core.testing.puppet import Puppet
from vision_agents.plugins.livekit import LiveKitEdge, rooms
from vision_agents.plugins.livekit.connection import LiveKitConnection
from vision_agents.plugins.livekit.sandbox import LiveKitServer

pytestmark = [pytest.mark.wire, pytest.mark.livekit]


def edge_to(server: LiveKitServer, **values: object) -> LiveKitEdge:
    connection = server.connection
    return LiveKitEdge(
        url=connection.url,
        api_key=connection.api_key,
        api_secret=connection.api_secret,
        **values,  # type: ignore[arg-type]
    )


async def test_the_agent_hears_everybody_with_their_name(
    livekit_server: LiveKitServer, room_name: str
) -> None:
    edge = edge_to(livekit_server)
    await edge.join(Call(id=room_name), User(id="agent"))
    assert not await edge.wait_for_participant(0.1)
    heard: dict[str, int] = {}

    async def listen() -> None:
        async for pcm in edge.incoming_audio():
            who = pcm.participant.user_id
            heard[who] = max(heard.get(who, 0), int(np.abs(pcm.samples.astype(np.int32)).max()))

    listening = asyncio.create_task(listen())
    async with joined(livekit_server, room_name, "ann") as ann:
        puppet = Puppet(grey, rate_hz=16_000, fps=25, latency_s=0.0)
        async with performing(ann, puppet, video=False):
            assert await edge.wait_for_participant(5)
            puppet.speak("u", (8000 * np.sin(np.arange(32_000) / 5)).astype(np.int16))
            async with asyncio.timeout(10):
                while heard.get("ann", 0) < 4000:
                    await asyncio.sleep(0.02)
    # The last person has left: the call is over.
    await asyncio.wait_for(edge.wait_ended(), 5)
    await edge.close()
    await edge.close()
    await asyncio.wait_for(listening, 1)
    assert set(heard) == {"ann"}


async def test_room_that_is_closed_ends_the_call_and_a_lost_one_fails_it(
    own_livekit_server: LiveKitServer,
) -> None:
    edge = edge_to(own_livekit_server, room="fixed")
    await edge.join(Call(), User(id="agent"))
    assert await rooms.delete_room(own_livekit_server.connection, "fixed")
    await asyncio.wait_for(edge.wait_ended(), 3)
    await edge.close()


async def test_refusals(livekit_server: LiveKitServer, room_name: str) -> None:
    edge = edge_to(livekit_server)
    with pytest.raises(StateError, match="after join"):
        await edge.publish(audio=None, video=None)
    wrong = LiveKitConnection(livekit_server.connection.url, "devkey", "x" * 40)
    refused = LiveKitEdge(url=wrong.url, api_key=wrong.api_key, api_secret=wrong.api_secret)
    with pytest.raises(AuthError):
        await refused.join(Call(id=room_name), User(id="agent"))
    await refused.close()
    await edge.join(Call(id=room_name), User(id="agent"))
    with pytest.raises(StateError, match="one call"):
        await edge.join(Call(id=room_name), User(id="agent"))
    await edge.close()
    with pytest.raises(ConfigError, match="ws://"):
        LiveKitEdge(url="localhost", api_key="k", api_secret="s")
    nowhere = LiveKitEdge(url="ws://127.0.0.1:9", api_key="k", api_secret="s" * 40)
    with pytest.raises(DisconnectedError):
        await nowhere.join(Call(id=room_name), User(id="agent"))
    await nowhere.close()


def test_name_and_settings_are_registered(livekit_server: LiveKitServer) -> None:
    connection = livekit_server.connection
    edge = Registry().create_edge(
        {
            "name": "livekit",
            "url": connection.url,
            "api_key": connection.api_key,
            "api_secret": connection.api_secret,
            "room": "here",
        }
    )
    assert isinstance(edge, LiveKitEdge)
    assert edge.settings.room == "here"
    assert connection.api_secret not in repr(edge.settings)
