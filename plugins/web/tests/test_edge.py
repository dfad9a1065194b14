"""The browser edge from outside: HTTP, WebSocket and WebRTC on loopback, no browser."""

from __future__ import annotations

import asyncio
import logging
import socket
from typing import TYPE_CHECKING

import aiohttp
import numpy as np
import pytest
from aiortc import VideoStreamTrack
from av.video.frame import VideoFrame

from plugins.web.tests.conftest import OpenEdge, speaking
from plugins.web.tests.media import BEEP_HZ, HUM_HZ, RATE_HZ, ControlAudio, ControlVideo
from plugins.web.tests.visitor import Visitor
from vision_agents.core.agents.user import User
from vision_agents.core.edge import Call, Interrupt, Say
from vision_agents.core.errors import ConfigError, MediaError, StateError
from vision_agents.core.events.avatar import AvatarDegradedEvent, AvatarPlaybackStartedEvent
from vision_agents.plugins.web import WebEdge
from vision_agents.plugins.web.server import FILES

if TYPE_CHECKING:
    from numpy.typing import NDArray

pytestmark = pytest.mark.wire


# -- the page and its door ------------------------------------------------------------------------


async def test_the_page_is_served_and_locked_down(open_edge: OpenEdge) -> None:
    edge = await open_edge()
    async with aiohttp.ClientSession(edge.url) as http:
        for path in FILES:
            async with http.get(path) as response:
                assert response.status == 200, path
                assert "default-src 'self'" in response.headers["Content-Security-Policy"]
                assert response.headers["X-Content-Type-Options"] == "nosniff"
        async with http.get("/../settings.py") as response:
            assert response.status == 404


async def test_a_rebound_host_name_is_refused(open_edge: OpenEdge) -> None:
    edge = await open_edge()
    async with (
        aiohttp.ClientSession() as http,
        http.get(edge.url, headers={"Host": "evil.example"}) as response,
    ):
        assert response.status == 403
        assert "'evil.example'" in await response.text()


@pytest.mark.parametrize("origin", ["http://evil.example", "null"])
async def test_a_foreign_page_cannot_connect(open_edge: OpenEdge, origin: str) -> None:
    edge = await open_edge()
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        async with Visitor(edge.url, headers={"Origin": origin}):
            pass
    assert caught.value.status == 403


async def test_the_own_page_can_connect(open_edge: OpenEdge) -> None:
    edge = await open_edge()
    async with Visitor(edge.url, headers={"Origin": edge.url.rstrip("/")}) as visitor:
        welcome = await visitor.wait_for("welcome")
    assert welcome["agent"] == "Nova"
    assert welcome["ice_servers"] == []


async def test_a_token_keeps_strangers_out_and_stays_secret(
    open_edge: OpenEdge, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    edge = await open_edge(host="0.0.0.0", token="open-sesame")
    async with Visitor(edge.url, token="wrong") as stranger:
        problem = await stranger.wait_for("problem")
        assert problem["fatal"]
        assert "access token" in problem["text"]
        assert [message async for message in stranger.messages()] == []
        assert stranger.socket.close_code == 4401
    async with Visitor(edge.url, token="open-sesame") as friend:
        await friend.wait_for("welcome")
    assert "open-sesame" not in caplog.text
    assert "open-sesame" not in edge.url


async def test_a_taken_port_is_named_with_the_way_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        edge = WebEdge(port=port)
        with pytest.raises(ConfigError) as caught:
            await edge.join(Call(), User())
        await edge.close()
    assert f"127.0.0.1:{port} is taken" in str(caught.value)
    assert "port=" in str(caught.value)


async def test_an_address_of_another_machine_is_refused() -> None:
    edge = WebEdge(host="203.0.113.77", port=0, token="x")
    with pytest.raises(ConfigError, match="must be an address of this machine"):
        await edge.join(Call(), User())
    await edge.close()


# -- what people ask ------------------------------------------------------------------------------


async def test_typed_text_and_the_button_become_commands(open_edge: OpenEdge) -> None:
    edge = await open_edge()
    long = "👋 Grüße 你好 " * 6000  # about 100 kB
    async with Visitor(edge.url) as visitor:
        await visitor.send(type="say", text="Hello")
        await visitor.send(type="say", text=long)
        commands = edge.commands()
        assert [await anext(commands), await anext(commands)] == [Say("Hello"), Say(long)]
        await visitor.send(type="interrupt")
        assert await anext(commands) == Interrupt()


async def test_an_interruption_drops_the_texts_nobody_has_taken(open_edge: OpenEdge) -> None:
    edge = await open_edge()
    async with Visitor(edge.url) as visitor:
        await visitor.send(type="say", text="one")
        await visitor.send(type="say", text="two")
        await visitor.send(type="interrupt")
        await visitor.send(type="say", text="three")
        await visitor.send(type="say", text="")
        await visitor.wait_for("problem")  # all before it have arrived
    commands = edge.commands()
    assert [await anext(commands), await anext(commands)] == [Interrupt(), Say("three")]


@pytest.mark.parametrize(
    ("message", "says"),
    [
        ('{"type": "say", "text": "  "}', "nothing to say"),
        ("nonsense", "not JSON"),
        ('{"type": "dance"}', "'dance'"),
        ('{"type": "hello", "token": ""}', "already"),
    ],
)
async def test_nonsense_is_answered_and_does_no_harm(
    open_edge: OpenEdge, message: str, says: str
) -> None:
    edge = await open_edge()
    async with Visitor(edge.url) as visitor:
        await visitor.socket.send_str(message)
        assert says in (await visitor.wait_for("problem"))["text"]
        await visitor.send(type="say", text="still here")
        assert await anext(edge.commands()) == Say("still here")


@pytest.mark.parametrize("sdp", ["", "v=0", "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 300\r\n", "💥"])
async def test_a_malformed_offer_is_answered_and_leaves_nothing(
    open_edge: OpenEdge, sdp: str
) -> None:
    edge = await open_edge(media=True)
    async with Visitor(edge.url) as visitor:
        await visitor.send(type="offer", sdp=sdp)
        assert "cannot be answered" in (await visitor.wait_for("problem"))["text"]
        await visitor.call()


# -- media ----------------------------------------------------------------------------------------


async def test_two_viewers_see_and_hear_the_same_and_one_may_leave(open_edge: OpenEdge) -> None:
    edge = await open_edge(media=True)
    assert not await edge.wait_for_participant(0.01)
    async with Visitor(edge.url) as stayer:
        async with Visitor(edge.url) as leaver:
            await asyncio.gather(stayer.call(), leaver.call())
            assert await edge.wait_for_participant(5)
            await asyncio.gather(stayer.pictures(5), leaver.pictures(5))
        pictures = await stayer.pictures(15)
        assert (pictures[-1].width, pictures[-1].height) == (320, 240)
        packets = await stayer.packets(100)
        assert _is_the_voice(np.concatenate([p.to_ndarray()[0, ::2] for p in packets]))
        report = await stayer.wait_for("report", viewers=1)
        assert 10 < report["fps"] < 45


async def test_nobody_there_nothing_is_pulled(open_edge: OpenEdge) -> None:
    edge = await open_edge()
    async with speaking() as stream:
        video = ControlVideo(0.0, width=320, height=240)
        await edge.publish(audio=stream, video=video)
        async with Visitor(edge.url) as visitor:
            await visitor.call()
            await visitor.pictures(3)
        await asyncio.sleep(0.3)
        pulled = stream.playback.heard_s(0)
        await asyncio.sleep(0.3)
        assert stream.playback.heard_s(0) == pulled
        assert not await edge.wait_for_participant(0.01)


async def test_the_microphone_arrives_with_its_participant(open_edge: OpenEdge) -> None:
    edge = await open_edge(media=True)
    async with Visitor(edge.url) as visitor:
        viewer = (await visitor.wait_for("welcome"))["viewer"]
        await visitor.call(microphone=ControlAudio(0.0))
        incoming = edge.incoming_audio()
        chunks = [await anext(incoming) for _ in range(100)]
    assert {(chunk.sample_rate, chunk.channels) for chunk in chunks} == {(48_000, 1)}
    assert {chunk.participant.user_id for chunk in chunks} == {viewer}
    samples = np.concatenate([np.asarray(chunk.samples) for chunk in chunks])
    assert _is_the_voice(samples)


async def test_the_preferred_codec_is_used(open_edge: OpenEdge) -> None:
    edge = await open_edge(media=True, codec="H264")
    async with Visitor(edge.url) as visitor:
        await visitor.call()
        await visitor.pictures(3)
        assert visitor.peer is not None
        assert (
            " H264/90000"
            in visitor.peer.remoteDescription.sdp.split("m=video")[1].split("rtpmap:")[1]
        )


async def test_a_page_that_comes_before_the_media_waits_for_them(open_edge: OpenEdge) -> None:
    edge = await open_edge()
    async with Visitor(edge.url) as visitor, speaking() as stream:
        assert (await visitor.wait_for("report"))["state"] == "waiting"
        call = asyncio.create_task(visitor.call())
        await asyncio.sleep(0.2)
        await edge.publish(audio=stream, video=ControlVideo(0.0, width=320, height=240))
        await call
        await visitor.pictures(3)
        await edge.close()


async def test_sound_alone_and_picture_alone(open_edge: OpenEdge) -> None:
    async with speaking() as stream:
        edge = await open_edge()
        await edge.publish(audio=stream, video=None)
        async with Visitor(edge.url) as visitor:
            await visitor.call()
            await visitor.packets(3)
        edge = await open_edge()
        await edge.publish(audio=None, video=ControlVideo(0.0, width=320, height=240))
        async with Visitor(edge.url) as visitor:
            await visitor.call()
            await visitor.pictures(3)


async def test_the_page_learns_what_the_agent_does(open_edge: OpenEdge) -> None:
    edge = await open_edge(media=True)
    async with Visitor(edge.url) as visitor:
        assert (await visitor.wait_for("report"))["state"] == "silent"
        edge.observe(AvatarPlaybackStartedEvent(utterance_id=1))
        edge.observe(AvatarDegradedEvent(to="voice only", reason="the line broke"))
        report = await visitor.wait_for("report", state="speaking")
    assert "voice only" in report["note"]
    assert "the line broke" in report["note"]


async def test_a_track_that_raises_ends_the_call_with_its_reason(open_edge: OpenEdge) -> None:
    class Broken(VideoStreamTrack):
        async def recv(self) -> VideoFrame:
            raise OSError("the camera caught fire")

    edge = await open_edge()
    await edge.publish(audio=None, video=Broken())
    async with Visitor(edge.url) as visitor:
        await visitor.call()
        with pytest.raises(MediaError, match="the camera caught fire"):
            await asyncio.wait_for(edge.wait_ended(), 5)


async def test_a_cancelled_close_can_be_finished(open_edge: OpenEdge) -> None:
    edge = await open_edge(media=True)
    async with Visitor(edge.url) as visitor:
        await visitor.call()
        closing = asyncio.create_task(edge.close())
        await asyncio.sleep(0)
        closing.cancel()
        await asyncio.wait([closing])
        await asyncio.wait_for(edge.close(), 8)
    await asyncio.wait_for(edge.wait_ended(), 1)


# -- leaving --------------------------------------------------------------------------------------


async def test_a_full_house_says_so(open_edge: OpenEdge) -> None:
    edge = await open_edge(max_viewers=1)
    async with Visitor(edge.url) as first:
        await first.wait_for("welcome")
        async with Visitor(edge.url) as second:
            problem = await second.wait_for("problem")
    assert problem["fatal"]
    assert "1 page" in problem["text"]


async def test_close_hangs_up_frees_the_port_and_ends_the_iterators(open_edge: OpenEdge) -> None:
    edge = await open_edge(media=True)
    async with Visitor(edge.url) as visitor:
        await visitor.call()
        await visitor.pictures(2)
        closing = asyncio.gather(edge.close(), edge.close())
        assert [
            message async for message in visitor.messages() if message["type"] != "report"
        ] == []
        await closing
        assert visitor.socket.close_code == 1001
        assert await asyncio.wait_for(visitor.ended(), timeout=5)
    assert [command async for command in edge.commands()] == []
    [_ async for _ in edge.incoming_audio()]
    with pytest.raises(StateError):
        await edge.join(Call(), User())
    port = int(edge.url.rstrip("/").rpartition(":")[2])
    again = await open_edge(port=port, media=True)
    async with Visitor(again.url) as visitor:
        await visitor.call()


async def test_a_page_that_vanishes_while_it_connects_leaves_nothing(open_edge: OpenEdge) -> None:
    edge = await open_edge(media=True)
    for delay_s in (0.0, 0.02, 0.1):
        async with Visitor(edge.url) as visitor:
            call = asyncio.create_task(visitor.call())
            await asyncio.sleep(delay_s)
            call.cancel()
            await asyncio.wait([call])
    await edge.close()


def _is_the_voice(samples: NDArray[np.int16]) -> bool:
    """Whether nearly all of the sound is the hum and the beep."""
    power = np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) ** 2
    hz = np.fft.rfftfreq(len(samples), 1 / RATE_HZ)
    near = (abs(hz - HUM_HZ) < 40) | (abs(hz - BEEP_HZ) < 150)
    return bool(power[near].sum() > 0.9 * power.sum() > 0)
