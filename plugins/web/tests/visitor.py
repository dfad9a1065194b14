"""A visitor in Python: what the page does, by aiohttp and aiortc."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Any, Self, cast

import aiohttp
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame

from vision_agents.core.edge.ice import loopback_candidates
from vision_agents.core.edge.peer import close_peer


class Visitor:
    """Opens the WebSocket on entry; ``call()`` makes the peer connection."""

    def __init__(self, url: str, *, token: str = "", headers: dict[str, str] | None = None) -> None:
        self._url = f"{url}ws"
        self._token = token
        self._headers = headers or {}
        self._stack = contextlib.AsyncExitStack()
        self.peer: RTCPeerConnection | None = None
        self.tracks: dict[str, MediaStreamTrack] = {}

    async def __aenter__(self) -> Self:
        async with self._stack:
            session = await self._stack.enter_async_context(aiohttp.ClientSession())
            self.socket = await self._stack.enter_async_context(
                session.ws_connect(self._url, headers=self._headers)
            )
            await self.send(type="hello", token=self._token)
            self._stack = self._stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.peer is not None:
            await close_peer(self.peer)
        await self._stack.aclose()

    async def send(self, **message: object) -> None:
        await self.socket.send_json(message)

    async def messages(self) -> AsyncIterator[dict[str, Any]]:
        async for message in self.socket:
            yield json.loads(message.data)

    async def wait_for(self, kind: str, **fields: object) -> dict[str, Any]:
        """The next message of a type with these fields; others are passed over."""
        wanted = {"type": kind} | fields
        async for message in self.messages():
            if wanted.items() <= message.items():
                return message
        raise AssertionError(f"the server closed ({self.socket.close_code}) without any {kind!r}")

    async def call(self, *, microphone: MediaStreamTrack | None = None) -> None:
        """Offer, take the answer, and wait until there is a path."""
        self.peer = peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        peer.on("track", lambda track: self.tracks.__setitem__(track.kind, track))
        peer.addTransceiver(microphone or "audio", direction="sendrecv")
        peer.addTransceiver("video", direction="recvonly")
        connected = asyncio.Event()
        peer.on(
            "connectionstatechange",
            lambda: connected.set() if peer.connectionState == "connected" else None,
        )
        with loopback_candidates(only=True):
            await peer.setLocalDescription()
        await self.send(type="offer", sdp=peer.localDescription.sdp)
        answer = await self.wait_for("answer")
        await peer.setRemoteDescription(RTCSessionDescription(answer["sdp"], "answer"))
        await asyncio.wait_for(connected.wait(), timeout=15)

    async def pictures(self, count: int) -> list[VideoFrame]:
        return [cast("VideoFrame", await self.tracks["video"].recv()) for _ in range(count)]

    async def packets(self, count: int) -> list[AudioFrame]:
        return [cast("AudioFrame", await self.tracks["audio"].recv()) for _ in range(count)]

    async def ended(self) -> bool:
        """Whether the received picture came to its end."""
        try:
            while True:
                await self.tracks["video"].recv()
        except MediaStreamError:
            return True
