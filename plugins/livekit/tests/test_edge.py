"""The LiveKit edge: a second person in a real room sees, hears and is heard."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import av
import numpy as np
import pytest

from plugins.livekit.tests.helpers import grey, joined, performing
from plugins.livekit.tests.listening import Ears
from vision_agents.core import Agent, User
from vision_agents.core.edge.call import Call
from vision_agents.core.errors import AuthError, ConfigError, DisconnectedError, StateError
from vision_agents.core.media import PcmData
from vision_agents.core.plugin import Registry
from vision_agents.core.sync.utterances import UtteranceFinished
from vision_agents.core.testing.markers import FlashRenderer, speech_with_markers
from vision_agents.core.testing.provider import MemoryAvatar, MemoryService
from vision_agents.core.testing.puppet import Puppet
from vision_agents.plugins.livekit import LiveKitEdge, rooms
from vision_agents.plugins.livekit.connection import LiveKitConnection
from vision_agents.plugins.livekit.sandbox import LiveKitServer

pytestmark = [pytest.mark.wire, pytest.mark.livekit]

SIZE = (320, 240)
FPS = 25


class FlashService(MemoryService):
    """A service in memory whose face flashes with the markers."""

    def __init__(self) -> None:
        super().__init__(size=SIZE, fps=FPS)
        self._renderer = FlashRenderer(*SIZE, FPS)

    def draw(self, samples: np.ndarray[tuple[int], np.dtype[np.int16]]) -> av.VideoFrame:
        return self._renderer.frame(samples)


def edge_to(server: LiveKitServer, **values: object) -> LiveKitEdge:
    connection = server.connection
    return LiveKitEdge(
        url=connection.url,
        api_key=connection.api_key,
        api_secret=connection.api_secret,
        **values,  # type: ignore[arg-type]
    )


async def speech(duration_s: float, utterance: int) -> AsyncIterator[PcmData]:
    yield speech_with_markers(duration_s, 24_000, utterance=utterance)


@pytest.mark.timeout(120)
async def test_second_person_sees_and_hears_the_avatar_in_step(
    livekit_server: LiveKitServer, room_name: str
) -> None:
    for attempt in range(3):  # a machine that is busy with other things delays sound by itself
        try:
            await _second_person(livekit_server, f"{room_name}-{attempt}")
            return
        except AssertionError:
            if attempt == 2:
                raise


async def _second_person(livekit_server: LiveKitServer, room_name: str) -> None:
    avatar = MemoryAvatar(FlashService(), fps=FPS)
    finished: list[UtteranceFinished] = []
    avatar.audio_output().playback.subscribe(
        lambda event: finished.append(event) if isinstance(event, UtteranceFinished) else None
    )
    agent = Agent(edge=edge_to(livekit_server), avatar=avatar, agent_user=User(id="agent"))
    async with joined(livekit_server, room_name, "viewer") as viewer:
        ears = Ears(viewer, "agent")
        control = Ears(viewer, "control")
        async with agent.join(Call(id=room_name)):
            await viewer.wait_for_track("agent", "video", timeout_s=10)
            async with joined(livekit_server, room_name, "control") as other:
                puppet = Puppet(FlashRenderer(*SIZE, FPS).frame, rate_hz=24_000, fps=FPS)
                async with performing(other, puppet, size=SIZE):
                    await viewer.wait_for_track("control", "video", timeout_s=10)
                    # The sender's bandwidth estimate thins pictures out in the first seconds.
                    await asyncio.sleep(2)
                    puppet.speak("c", speech_with_markers(3.0, 24_000).samples)
                    puppet.end("c")
                    spoken = await agent.play(speech(3.0, 1))
                    assert not spoken.interrupted
            for utterance in (2, 3, 4):
                playing = asyncio.create_task(agent.play(speech(6.0, utterance)))
                spans = len(ears.loud)
                while len(ears.loud) == spans:
                    await asyncio.sleep(0.01)
                await asyncio.sleep(1.0)
                at_s = time.monotonic()
                await agent.interrupt()
                spoken = await playing
                assert spoken.interrupted
                await asyncio.sleep(0.6)
                assert ears.loud[-1][1] - at_s < 0.3
            await agent.play(speech(2.0, 5))
            await asyncio.sleep(0.5)
        report, reference = ears.report(), control.report()
    lengths_s = [end - start for start, end in report.utterances]
    relative_ms = report.p95_ms(reference.median_ms)
    print(  # noqa: T201 - figures worth reading in the report
        f"{len(report.all_offsets)} markers: offset median {report.median_ms:+.1f} ms, control "
        f"{reference.median_ms:+.1f} ms, p95 relative {relative_ms:.1f} ms; lengths "
        f"{[round(length, 3) for length in lengths_s]} s, heard "
        f"{[round(event.heard_s, 3) for event in finished]} s, gaps {report.gaps}, "
        f"{[round(o) for o in report.all_offsets]} {[round(o) for o in reference.all_offsets]}"
    )
    assert ears.sizes == {SIZE}
    # Opus rings on for some milliseconds.
    assert [lengths_s[0], lengths_s[4]] == pytest.approx([3.0, 2.0], abs=0.025)
    assert lengths_s[1:4] == pytest.approx([event.heard_s for event in finished[1:4]], abs=0.06)
    assert not [gap for gap in report.gaps if gap[1] > 0.02]
    assert not report.missing_pictures
    # Five utterances, each with its first marker; the whole ones with their last.
    assert {21, 26, 42, 63, 84, 105, 108} <= set(report.offsets)
    assert relative_ms < 45


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
