"""Anam's REST interface and signalling endpoint, played by a real local server.

Follows the provider's documentation and what its SDK 0.12 was seen to send (August 2026).
"""

from __future__ import annotations

import asyncio
import json
import uuid
from typing import TYPE_CHECKING, Any

from aiohttp import web

from vision_agents.core.testing.service import ServiceLog
from vision_agents.plugins.anam.sandbox.faults import Faults
from vision_agents.plugins.anam.sandbox.session import SandboxSession

if TYPE_CHECKING:
    from collections.abc import Callable

    from vision_agents.plugins.anam.sandbox.session import Draw

ENGINE = "/v1/webrtc/engines/abc"
HEARTBEAT_S = 1
MODELS = {"cara-3": {(720, 480)}, "cara-4": {(1152, 768), (768, 1152)}}


class SandboxService:
    """One account at a pretended Anam; use it as an async context manager.

    ``make_draw(width, height, fps)`` makes what draws a session's pictures from its sound.
    Leaving it ends every session.
    """

    def __init__(
        self,
        make_draw: Callable[[int, int, int], Draw],
        *,
        api_key: str = "sandbox-key",
        faults: Faults | None = None,
    ) -> None:
        self.api_key = api_key
        self.faults = faults or Faults()
        self.sessions: dict[str, SandboxSession] = {}
        self.url = ""
        self.stops: list[str] = []
        self.log = ServiceLog()
        self._make_draw = make_draw
        self._refused = 0
        self._host = ""
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> SandboxService:
        await self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close()

    @property
    def live_sessions(self) -> list[SandboxSession]:
        """Sessions that are not ended: the ones that would be billed."""
        return [s for s in self.sessions.values() if s.end_reason is None]

    @property
    def newest(self) -> SandboxSession:
        """The session that was opened last."""
        return list(self.sessions.values())[-1]

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; ``url`` says where. Port 0 takes a free one."""
        app = web.Application()
        app.add_routes(
            [
                web.post("/v1/engine/session", self._session),
                web.post("/v1/sessions/{session_id}/stop", self._stop),
                web.get("/v1/sessions/concurrency", self._concurrency),
                web.get(f"{ENGINE}/ws", self._signalling),
            ]
        )
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        bound_host, bound_port = self._runner.addresses[0][:2]
        self._host = f"{bound_host}:{bound_port}"
        self.url = f"http://{self._host}"

    async def close(self) -> None:
        """End every session and stop listening. Idempotent."""
        await asyncio.gather(*(s.end("shutdown") for s in self.sessions.values()))
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    def cut(self) -> None:
        """Cut the signalling sockets of all live sessions without a word."""
        for session in self.live_sessions:
            session.abort_socket()

    def freeze(self) -> None:
        """Stop the media of all live sessions; everything stays connected."""
        for session in self.live_sessions:
            session.freeze()

    # ------------------------------------------------------------------------- handlers
    async def _session(self, request: web.Request) -> web.Response:
        await asyncio.sleep(self.faults.answer_delay_s)
        refusal, times = self.faults.refuse, self.faults.refuse_times
        if refusal is not None and (times is None or self._refused < times):
            self._refused += 1
            return web.Response(
                status=refusal.status, text=refusal.body, content_type=refusal.content_type
            )
        if not self._authorised(request):
            return _refuse(401, "Unauthorized")
        try:
            body = await request.json()
        except json.JSONDecodeError:
            return _refuse(400, "not JSON")
        if problem := _invalid(body):
            return _refuse(400, problem)
        limit = self.faults.concurrency
        if limit is not None and len(self.live_sessions) >= limit:
            return _refuse(429, "Concurrent session limit reached")
        return web.json_response(self._open(body))

    def _open(self, body: dict[str, Any]) -> dict[str, Any]:
        session_id = str(uuid.uuid4())
        options = body.get("sessionOptions", {})
        width = options.get("videoWidth") or self.faults.width
        height = options.get("videoHeight") or self.faults.height
        draw = self._make_draw(width, height, 25)
        session = SandboxSession(session_id, body, self.faults, draw, self.log)
        self.sessions[session_id] = session
        session.start()
        return {
            "sessionId": session_id,
            "engineHost": self._host + ENGINE,
            "engineProtocol": "http",
            "signallingEndpoint": f"{ENGINE}/ws",
            "region": options.get("region", "local"),
            "clientConfig": {
                "heartbeatIntervalSeconds": HEARTBEAT_S,
                "maxWsReconnectionAttempts": 5,
                "iceServers": [],
            },
        }

    async def _stop(self, request: web.Request) -> web.Response:
        if not self._authorised(request):
            return _refuse(401, "Unauthorized")
        session = self.sessions.get(request.match_info["session_id"])
        if session is None:
            return _refuse(404, "session not found")
        if self.faults.deaf_at_end:
            await asyncio.Event().wait()
        self.stops.append(session.session_id)
        await session.end("stopped", tell="stopped")
        return web.json_response({})

    async def _concurrency(self, request: web.Request) -> web.Response:
        if not self._authorised(request):
            return _refuse(401, "Unauthorized")
        active, limit = len(self.live_sessions), self.faults.concurrency or 10
        free = active < limit
        return web.json_response({"limit": limit, "active": active, "canStartSession": free})

    async def _signalling(self, request: web.Request) -> web.StreamResponse:
        if self.faults.refuse_socket is not None:
            return web.Response(status=self.faults.refuse_socket)
        session = self.sessions.get(request.query.get("session_id", ""))
        if session is None or session.end_reason is not None:
            return web.Response(status=404)
        if session.dials and self.faults.refuse_redial:
            return web.Response(status=403)
        return await session.serve_socket(request)

    def _authorised(self, request: web.Request) -> bool:
        return request.headers.get("Authorization") == f"Bearer {self.api_key}"


def _invalid(body: dict[str, Any]) -> str | None:
    config = body.get("personaConfig", {})
    if not config.get("enableAudioPassthrough"):
        return "enableAudioPassthrough is not set"
    if not config.get("avatarId"):
        return "avatarId is required"
    options = body.get("sessionOptions", {})
    size = (options.get("videoWidth"), options.get("videoHeight"))
    if (size[0] is None) != (size[1] is None):
        return "videoWidth and videoHeight go together"
    known = MODELS.get(config.get("avatarModel", ""))
    if known is not None and size[0] is not None and size not in known:
        return f"{config['avatarModel']} does not render {size[0]}x{size[1]}"
    return None


def _refuse(status: int, error: str) -> web.Response:
    return web.json_response({"error": error, "message": error}, status=status)
