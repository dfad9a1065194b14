"""One session at the pretended service: its socket, its playout and its clocks."""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import json
import time
import uuid
from typing import TYPE_CHECKING, Any

import numpy as np
from aiohttp import WSMsgType, web

from vision_agents.core.testing.puppet import Began, Ended, PuppetEvent, Starved
from vision_agents.plugins.liveavatar.wire import MAX_MESSAGE_BYTES, SAMPLE_RATE_HZ

if TYPE_CHECKING:
    from vision_agents.core.testing.service import ServiceLog
    from vision_agents.plugins.liveavatar.sandbox.faults import Faults
    from vision_agents.plugins.liveavatar.sandbox.stage import Stage

NEW_STATES = {"connecting": "connecting", "connected": "connected", "closed": "closed"}
OLD_STATES = {"connecting": "new", "connected": "connected", "closed": "disconnected"}


class SandboxSession:
    """A session that lives until it is stopped, idles out or reaches its cap.

    It survives its socket: the same URL may be dialled again. ``received`` holds the type of each
    command in order, ``too_early`` counts those dropped before ``connected``.
    """

    def __init__(
        self,
        session_id: str,
        faults: Faults,
        log: ServiceLog,
        *,
        cap_s: float,
        is_sandbox: bool,
    ) -> None:
        self.session_id = session_id
        self.cap_s = cap_s
        self.started_at = time.monotonic()
        self.ended_at: float | None = None
        self.end_reason: str | None = None
        self.dials = 0
        self.received: list[str] = []
        self.received_at: list[float] = []
        self.message_bytes: list[int] = []
        self.too_early = 0
        self._faults = faults
        self._log = log
        self._is_sandbox = is_sandbox
        self._stage: Stage
        self._socket: web.WebSocketResponse | None = None
        self._transport: asyncio.BaseTransport | None = None
        self._connected = False
        self._deaf = False
        self._muted = False
        self._last_command = time.monotonic()
        self._tasks: set[asyncio.Task[None]] = set()
        self._talking = False
        self._events: asyncio.Queue[PuppetEvent] = asyncio.Queue()

    def start(self, stage: Stage) -> None:
        """Begin playout and watch the clocks; ``end`` awaits what this starts."""
        self._log.opened(self.session_id)
        self._stage = stage
        if not self._faults.no_room:
            self._spawn(self._stage.run(), "playout")
        self._spawn(self._report(), "events")
        self._spawn(self._watch(), "clocks")

    def touch(self) -> None:
        """A command came: the idle timer begins anew."""
        self._last_command = time.monotonic()

    async def end(self, reason: str) -> None:
        """End the session: socket closed, room left. Idempotent; the first reason stays."""
        if self.end_reason is not None:
            return
        self.end_reason, self.ended_at = reason, time.monotonic()
        self._log.closed(self.session_id)
        if self._socket is not None and not self._socket.closed:
            await self._tell("session.state_updated", state=self._state("closed"))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._socket.close(), 1.0)
        tasks = [t for t in self._tasks if t is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._stage.close()

    # -------------------------------------------------------------------------- socket
    async def serve_socket(self, request: web.Request) -> web.WebSocketResponse:
        """Speak with one client connection until it ends."""
        self.dials += 1
        socket = web.WebSocketResponse(
            autoping=not self._faults.no_pong, max_msg_size=4 * MAX_MESSAGE_BYTES
        )
        await socket.prepare(request)
        self._socket, self._connected, self._deaf = socket, False, False
        self._spawn(self._announce(socket), "announce")
        if self._faults.drop_socket_every_s is not None:
            self._spawn(self._cut(request, self._faults.drop_socket_every_s), "cut")
        self._transport = request.transport
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                await self._command(message.data)
        if self._faults.deaf_at_end:
            await asyncio.Event().wait()
        return socket

    async def _announce(self, socket: web.WebSocketResponse) -> None:
        await self._tell("session.state_updated", state=self._state("connecting"))
        await asyncio.sleep(self._faults.connected_delay_s)
        if self._faults.never_connected or socket is not self._socket:
            return
        self._connected = True
        if self.dials == 1 or not self._faults.silent_redial:
            await self._tell("session.state_updated", state=self._state("connected"))

    def abort_socket(self) -> None:
        """Cut the socket without a close frame; the session lives on."""
        if isinstance(self._transport, asyncio.Transport):
            self._transport.abort()

    def freeze(self) -> None:
        """Send no more picture or sound; everything stays connected."""
        self._stage.freeze()

    async def _cut(self, request: web.Request, after_s: float) -> None:
        deaf_s = self._faults.deaf_before_drop_s
        await asyncio.sleep(after_s - deaf_s)
        self._deaf = deaf_s > 0
        await asyncio.sleep(deaf_s)
        if request.transport is not None:
            request.transport.abort()

    async def _command(self, text: str) -> None:
        try:
            message = json.loads(text)
            kind = message["type"]
        except (ValueError, KeyError, TypeError):
            await self._error("not an object with a type", "")
            return
        if self._deaf:
            return
        if not self._connected:
            self.too_early += 1
            return
        self.received.append(kind)
        self.received_at.append(time.monotonic())
        self.message_bytes.append(len(text))
        self.touch()
        if not self._muted:
            await self._obey(kind, message, str(message.get("event_id", "")), len(text))

    async def _obey(self, kind: str, message: dict[str, Any], event_id: str, size: int) -> None:
        if size > MAX_MESSAGE_BYTES:
            await self._error("audio packet too large", event_id)
            return
        match kind:
            case "agent.speak":
                await self._speak(message, event_id)
            case "agent.speak_end":
                self._log.ended(self.session_id, utterance=event_id)
                self._stage.puppet.end(event_id)
                await self._answer("agent.audio_buffer_committed", event_id)
            case "agent.interrupt":
                self._log.interrupted(self.session_id)
                await self._interrupt(event_id)
            case "agent.start_listening" | "agent.stop_listening" | "session.keep_alive" | "start":
                pass
            case _:
                await self._error(f"unknown type {kind}", event_id)

    async def _speak(self, message: dict[str, Any], event_id: str) -> None:
        try:
            pcm = base64.b64decode(message.get("audio", ""), validate=True)
            samples = np.frombuffer(pcm, "<i2")
        except (binascii.Error, ValueError):
            await self._error("audio is not base64 of whole 16-bit samples", event_id)
            return
        self._log.speech(self.session_id, len(samples), SAMPLE_RATE_HZ, utterance=event_id)
        self._stage.puppet.speak(event_id, samples)
        await self._answer("agent.audio_buffer_appended", event_id)

    async def _interrupt(self, event_id: str) -> None:
        await asyncio.sleep(self._faults.linger_after_interrupt_s)
        self._stage.interrupt()
        await self._answer("agent.audio_buffer_cleared", event_id)

    # ------------------------------------------------------------------------- playout
    def on_event(self, event: PuppetEvent) -> None:
        """Something of playout has happened; told to the client in order."""
        self._events.put_nowait(event)

    async def _report(self) -> None:
        while True:
            await self._playback(await self._events.get())

    async def _playback(self, event: PuppetEvent) -> None:
        await asyncio.sleep(self._faults.event_delay_s)
        match event:
            case Began(utterance):
                await self._tell_playback("agent.speak_started", utterance, talking=True)
            case Ended(utterance, _, interrupted):
                kind = "agent.speak_interrupted" if interrupted else "agent.speak_ended"
                if interrupted or not self._faults.no_speak_ended:
                    await self._tell_playback(kind, utterance, talking=False)
            case Starved(utterance):
                error = {
                    "type": "video_starvation",
                    "message": "audio comes slower than playout",
                    "event_id": utterance,
                }
                await self._tell("error", error=error)

    async def _tell_playback(self, kind: str, utterance: str, *, talking: bool) -> None:
        if self._faults.playback_family in ("speak", "both"):
            await self._answer(kind, utterance)
        if self._faults.playback_family in ("state", "both") and talking != self._talking:
            states = ("idle", "talking") if talking else ("talking", "idle")
            await self._tell("agent.state_updated", previous_state=states[0], new_state=states[1])
        self._talking = talking

    # -------------------------------------------------------------------------- clocks
    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(0.02)
            now = time.monotonic()
            if now - self._last_command > self._faults.idle_timeout_s:
                await self.end("IDLE_TIMEOUT")
                return
            if now - self.started_at > self.cap_s and not self._muted:
                if self._is_sandbox or self._faults.close_at_cap:
                    await self.end("MAX_DURATION_REACHED")
                    return
                self._muted = True
                self._stage.interrupt()
            leave_s = self._faults.leave_room_after_s
            if leave_s is not None and now - self.started_at > leave_s:
                await self._stage.close()

    # ------------------------------------------------------------------------ messages
    def _state(self, state: str) -> str:
        return (OLD_STATES if self._faults.old_dialect else NEW_STATES)[state]

    async def _answer(self, kind: str, source: str) -> None:
        if self._faults.old_dialect:
            await self._tell(kind, event_id=source)
        else:
            await self._tell(kind, source_event_id=source)

    async def _error(self, text: str, event_id: str) -> None:
        error = {"type": "invalid_request_error", "message": text, "event_id": event_id}
        await self._tell("error", error=error)

    async def _tell(self, kind: str, **fields: Any) -> None:
        socket = self._socket
        if socket is None or socket.closed or self._muted:
            return
        message = {"type": kind, "event_id": str(uuid.uuid4())} | fields
        with contextlib.suppress(ConnectionError):  # the client may have gone meanwhile
            await socket.send_json(message)

    def _spawn(self, work: Any, name: str) -> None:
        task = asyncio.create_task(work, name=f"sandbox liveavatar {name}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
