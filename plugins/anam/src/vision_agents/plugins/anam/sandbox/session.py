"""One session at the pretended engine: its signalling, its peer connection and its clocks."""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import json
import random
import time
from typing import TYPE_CHECKING, Any

import numpy as np
from aiohttp import WSMsgType, web
from aiortc import (
    RTCConfiguration,
    RTCDataChannel,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)

from vision_agents.core.edge.ice import loopback_candidates
from vision_agents.core.edge.peer import close_peer
from vision_agents.core.media import PcmData, Resampler
from vision_agents.core.testing.puppet import Puppet
from vision_agents.plugins.anam.sandbox.media import FPS, RATE_HZ, Face

if TYPE_CHECKING:
    from collections.abc import Callable

    import av
    from numpy.typing import NDArray

    from vision_agents.core.testing.service import ServiceLog
    from vision_agents.plugins.anam.sandbox.faults import Faults

    Draw = Callable[[NDArray[np.int16]], av.VideoFrame]


class SandboxSession:
    """A session that lives until it is ended from either side.

    ``received`` holds the action of each signalling message and ``interrupt`` for those of the
    data channel, in order; ``too_early`` counts chunks dropped before the session was ready,
    ``bad_order`` chunks out of sequence.
    """

    def __init__(
        self,
        session_id: str,
        request: dict[str, Any],
        faults: Faults,
        draw: Draw,
        log: ServiceLog,
    ) -> None:
        self.session_id = session_id
        self.request = request
        self.received: list[str] = []
        self.too_early = 0
        self.bad_order = 0
        self.dials = 0
        self.end_reason: str | None = None
        self._faults = faults
        self._log = log
        self._ready = False
        self._sequence = 0
        self._utterance = 0
        self._resampler = Resampler(RATE_HZ)
        log.opened(session_id)
        self._puppet = Puppet(draw, rate_hz=RATE_HZ, fps=FPS, latency_s=faults.render_latency_s)
        self._peers: list[RTCPeerConnection] = []
        self._face: Face | None = None
        self._socket: web.WebSocketResponse | None = None
        self._transport: asyncio.BaseTransport | None = None
        self._last_sign_s = time.monotonic()
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Watch the clocks; ``end`` awaits what this starts."""
        self._spawn(self._watch(), "clocks")

    # ----------------------------------------------------------------------- signalling
    async def serve_socket(self, request: web.Request) -> web.WebSocketResponse:
        """Speak with one client connection until it ends."""
        self.dials += 1
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._socket, self._transport, self._sequence = socket, request.transport, 0
        self._last_sign_s = time.monotonic()
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                await self._take(json.loads(message.data), socket)
        return socket

    async def _take(self, message: dict[str, Any], socket: web.WebSocketResponse) -> None:
        action, payload = str(message.get("actionType", "")).lower(), message.get("payload") or {}
        self.received.append(action)
        match action:
            case "offer":
                self._spawn(self._answer(payload["connectionDescription"], socket), "answer")
            case "heartbeat":
                self._last_sign_s = time.monotonic()
            case "agentaudioinput":
                self._speech(payload)
            case "agentaudioinputend":
                self._end_utterance()
            case "endsession" if self._faults.deaf_at_end:
                await asyncio.Event().wait()
            case "endsession":
                self._spawn(self.end("client"), "end")

    def _speech(self, payload: dict[str, Any]) -> None:
        if not self._ready:
            self.too_early += 1
            return
        try:
            samples = np.frombuffer(base64.b64decode(payload["audioData"], validate=True), "<i2")
        except (KeyError, ValueError, binascii.Error):
            self.bad_order += 1
            return
        self.bad_order += payload["sequenceNumber"] != self._sequence
        self._sequence = payload["sequenceNumber"] + 1
        self._log.speech(self.session_id, len(samples), payload["sampleRate"])
        pcm = PcmData.from_numpy(samples, sample_rate=payload["sampleRate"], format="s16")
        self._puppet.speak(str(self._utterance), self._resampler.push(pcm).samples)

    def _end_utterance(self) -> None:
        self._log.ended(self.session_id)
        self._sequence = 0
        self._puppet.speak(str(self._utterance), self._resampler.drain().samples)
        self._puppet.end(str(self._utterance))
        self._utterance += 1

    def _data(self, text: str) -> None:
        message = json.loads(text)
        if message.get("message_type") == "interrupt":
            self.received.append("interrupt")
            self._log.interrupted(self.session_id)
            self._spawn(self._interrupt(), "interrupt")

    async def _interrupt(self) -> None:
        await asyncio.sleep(self._faults.linger_after_interrupt_s)
        self._resampler.discard()
        self._puppet.interrupt()

    async def tell(self, action: str, payload: object) -> None:
        """Send one signalling message; nothing when nobody is connected."""
        if self._socket is None or self._socket.closed:
            return
        message = {"actionType": action, "sessionId": self.session_id, "payload": payload}
        with contextlib.suppress(ConnectionError):  # the client may have gone meanwhile
            await self._socket.send_json(message)

    # ---------------------------------------------------------------------- peer connection
    async def _answer(self, offer: dict[str, str], socket: web.WebSocketResponse) -> None:
        if self._faults.answer == "none":
            return
        peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._peers.append(peer)
        peer.on("datachannel", self._on_channel)
        self._face = face = Face(self._puppet)
        peer.addTrack(face.video)
        peer.addTrack(face.audio)
        video = next(t for t in peer.getTransceivers() if t.kind == "video")
        codecs = RTCRtpSender.getCapabilities("video").codecs
        # Before the remote description, or it does not count.
        video.setCodecPreferences([c for c in codecs if c.mimeType == "video/VP8"])

        async def ready() -> None:
            if peer.connectionState != "connected" or self._faults.never_ready:
                return
            await asyncio.sleep(self._faults.ready_delay_s)
            self._ready = True
            await self.tell("sessionready", None)

        peer.on("connectionstatechange", ready)
        if self._faults.answer == "no-candidates":
            offer = offer | {"sdp": _without_candidates(offer["sdp"])}
        await peer.setRemoteDescription(RTCSessionDescription(**offer))
        with loopback_candidates(only=True):
            await peer.setLocalDescription(await peer.createAnswer())
        self._disturb(peer)
        sdp = peer.localDescription.sdp
        if self._faults.answer == "no-candidates":
            sdp = _without_candidates(sdp)
        if socket is self._socket:  # an answer belongs to the socket that its offer came on
            await self.tell("answer", {"sdp": sdp, "type": "answer"})

    def _on_channel(self, channel: RTCDataChannel) -> None:
        channel.on("message", self._data)

    def _disturb(self, peer: RTCPeerConnection) -> None:
        """Lose and delay media packets on their way out, at the DTLS transport's door."""
        if not self._faults.loss and not self._faults.jitter_s:
            return
        chance, loop = random.Random(7), asyncio.get_running_loop()
        for transport in {t.sender.transport for t in peer.getTransceivers()}:
            send = transport._send_rtp

            async def disturbed(data: bytes, send: Any = send) -> None:
                if chance.random() < self._faults.loss:
                    return
                delay_s = chance.random() * self._faults.jitter_s
                loop.call_later(delay_s, lambda: self._spawn(_quietly(send(data)), "packet"))

            # aiortc has no hook between encoder and socket.
            transport._send_rtp = disturbed  # type: ignore[method-assign]

    # --------------------------------------------------------------------------- faults
    async def close_socket(self, code: int = 1000) -> None:
        """Close the signalling socket with a close frame; everything else lives on."""
        if self._socket is not None:
            await self._socket.close(code=code)

    def abort_socket(self) -> None:
        """Cut the signalling socket without a word."""
        if isinstance(self._transport, asyncio.Transport):
            self._transport.abort()

    def freeze(self) -> None:
        """Send no more picture or sound; everything stays connected."""
        if self._face is not None:
            self._face.freeze()

    def stop_tracks(self) -> None:
        """End both tracks; the peer connection stays."""
        if self._face is not None:
            self._face.stop()

    async def close_peer(self) -> None:
        """Close the peer connection with a goodbye; the socket stays."""
        if self._peers:
            await self._peers[-1].close()

    # ---------------------------------------------------------------------------- clocks
    async def _watch(self) -> None:
        started_s = time.monotonic()
        while True:
            await asyncio.sleep(0.05)
            now_s = time.monotonic()
            silent_s, limit_s = now_s - self._last_sign_s, self._faults.heartbeat_timeout_s
            if limit_s is not None and silent_s > limit_s:
                await self.end("heartbeat", tell="no heartbeat")
                return
            cap_s = self._faults.max_session_s
            if cap_s is not None and now_s - started_s > cap_s:
                await self.end("cap", tell="session length reached")
                return

    async def end(self, reason: str, *, tell: str | None = None) -> None:
        """End the session; the first reason stays. ``tell`` is what the client hears."""
        if self.end_reason is not None:
            return
        self.end_reason = reason
        self._log.closed(self.session_id)
        if tell is not None:
            await self.tell("endsession", tell)
        if self._socket is not None and not self._socket.closed:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._socket.close(), 1.0)
        # First the tasks: one that still answers an offer would start ICE on a closed peer.
        tasks = [t for t in self._tasks if t is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._face is not None:
            self._face.stop()
        await asyncio.gather(*(close_peer(peer, settle_s=0.3) for peer in self._peers))

    def _spawn(self, work: Any, name: str) -> None:
        task = asyncio.create_task(work, name=f"sandbox anam {name}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _quietly(sending: Any) -> None:
    with contextlib.suppress(ConnectionError):
        await sending


def _without_candidates(sdp: str) -> str:
    lines = [line for line in sdp.splitlines() if not line.startswith("a=candidate")]
    return "\r\n".join(lines) + "\r\n"
