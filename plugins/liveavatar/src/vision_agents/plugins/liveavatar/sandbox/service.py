"""LiveAvatar's REST and WebSocket interface, played by a real local server.

Follows the provider's public LITE-mode documentation (August 2026). Everything that a client
sends is recorded, so that a test can say what the service saw: commands before ``connected``,
sessions never stopped, chunks too large.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import uuid
from typing import TYPE_CHECKING, Any

from aiohttp import web

from vision_agents.core.testing.service import ServiceLog
from vision_agents.plugins.liveavatar.sandbox.faults import Faults
from vision_agents.plugins.liveavatar.sandbox.session import SandboxSession

if TYPE_CHECKING:
    from vision_agents.plugins.liveavatar.sandbox.stage import OpenStage

STOP_REASONS = frozenset(
    {
        "UNKNOWN", "USER_DISCONNECTED", "SERVER_ERROR", "IDLE_TIMEOUT", "NO_CREDITS",
        "USER_CLOSED", "AVATAR_DELETED", "MAX_DURATION_REACHED", "ZOMBIE_SESSION_REAP",
        "AGENT_HANG_UP", "DISPATCH_FAILED",
    }
)  # fmt: skip
QUALITIES = frozenset({"very_high", "high", "medium", "low"})
ENCODINGS = frozenset({"H264", "VP8"})
SANDBOX_CAP_S = 60.0
DEFAULT_CAP_S = 1200.0


class SandboxService:
    """One account at a pretended LiveAvatar.

    ``open_stage`` puts an avatar's sound and picture into a LiveKit room; ``api_key`` is the only
    key that is let in. Use it as an async context manager; leaving it ends every session.
    """

    def __init__(
        self,
        open_stage: OpenStage,
        *,
        api_key: str = "sandbox-key",
        avatar_ids: frozenset[str] | None = None,
        faults: Faults | None = None,
    ) -> None:
        self.api_key = api_key
        self.faults = faults or Faults()
        self.sessions: dict[str, SandboxSession] = {}
        self.url = ""
        self.log = ServiceLog()
        self._avatar_ids = avatar_ids
        self._open_stage = open_stage
        self._openings: dict[str, asyncio.Task[dict[str, Any]]] = {}
        self._tokens: dict[str, dict[str, Any]] = {}
        self._failed: dict[str, int] = {}
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> SandboxService:
        await self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close()

    @property
    def live_sessions(self) -> list[SandboxSession]:
        """Sessions that are started and not ended: the ones that would be billed."""
        return [s for s in self.sessions.values() if s.end_reason is None]

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; ``url`` says where. Port 0 takes a free one."""
        app = web.Application()
        app.add_routes(
            [
                web.post("/v1/sessions/token", self._token),
                web.post("/v1/sessions/start", self._start),
                web.post("/v1/sessions/stop", self._stop),
                web.post("/v1/sessions/keep-alive", self._keep_alive),
                web.get("/v1/users/credits", self._credits),
                web.get("/ws/{session_id}", self._socket),
            ]
        )
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        bound_host, bound_port = self._runner.addresses[0][:2]
        self.url = f"http://{bound_host}:{bound_port}"

    async def close(self) -> None:
        """End every session and stop listening. Idempotent."""
        await asyncio.gather(*map(self._opened, list(self._openings)))
        await asyncio.gather(*(s.end("SERVER_ERROR") for s in self.sessions.values()))
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    def cut(self) -> None:
        """Cut the sockets of all live sessions without a word."""
        for session in self.live_sessions:
            session.abort_socket()

    def freeze(self) -> None:
        """Stop the media of all live sessions; everything stays connected."""
        for session in self.live_sessions:
            session.freeze()

    # ------------------------------------------------------------------------ handlers
    async def _token(self, request: web.Request) -> web.Response:
        if (failed := await self._fault("token")) is not None:
            return failed
        if request.headers.get("X-API-KEY") != self.api_key:
            return _refuse(401, 4010, "Invalid API key")
        body = await _json(request)
        if body.get("mode") != "LITE":
            return _invalid("mode", "Input should be 'LITE'")
        if (problem := _invalid_settings(body)) is not None:
            return problem
        if self._avatar_ids is not None and body["avatar_id"] not in self._avatar_ids:
            return _refuse(404, 4044, f"Avatar {body['avatar_id']} not found")
        asked, cap = body.get("max_session_duration"), self._cap_s(body)
        if asked is not None and asked > cap:
            text = f"max_session_duration ({asked}s) exceeds the maximum allowed ({cap:g}s)"
            return _refuse(400, 4001, text)
        token, session_id = secrets.token_urlsafe(24), str(uuid.uuid4())
        self._tokens[token] = body | {"session_id": session_id}
        return _ok({"session_id": session_id, "session_token": token}, "Session token created")

    async def _start(self, request: web.Request) -> web.Response:
        if (failed := await self._fault("start")) is not None:
            return failed
        asked = self._tokens.pop(_bearer(request), None)
        if asked is None:
            return _refuse(401, 4011, "Invalid or used session token")
        limit = self.faults.concurrency
        if limit is not None and len(self.live_sessions) >= limit:
            return _refuse(400, 4032, "Concurrent session limit reached")
        opening = asyncio.create_task(self._open(asked), name="sandbox liveavatar opening")
        self._openings[asked["session_id"]] = opening
        # A client that gives up does not take the start back, as at the real service; and a room
        # must never be left while it is being joined.
        return _ok(await asyncio.shield(opening), "ok", status=201)

    async def _open(self, asked: dict[str, Any]) -> dict[str, Any]:
        session_id = asked["session_id"]
        cap_s = float(asked.get("max_session_duration") or self._cap_s(asked))
        session = SandboxSession(
            session_id,
            self.faults,
            self.log,
            cap_s=cap_s,
            is_sandbox=bool(asked.get("is_sandbox")),
        )
        stage, room_url, client_token = await self._open_stage(
            session_id, asked["video_settings"]["quality"], self.faults, session.on_event
        )
        self.sessions[session_id] = session
        session.start(stage)
        return {
            "session_id": session_id,
            "livekit_url": room_url,
            "livekit_client_token": client_token,
            "ws_url": f"{self.url.replace('http', 'ws', 1)}/ws/{session_id}",
            "max_session_duration": int(cap_s) if cap_s >= 1 else cap_s,
        }

    async def _stop(self, request: web.Request) -> web.Response:
        if (failed := await self._fault("stop")) is not None:
            return failed
        body = await _json(request)
        if request.headers.get("X-API-KEY") != self.api_key:
            return _refuse(401, 4010, "Invalid API key")
        reason = body.get("reason", "UNKNOWN")
        if reason not in STOP_REASONS:
            return _invalid("reason", "Input should be a known reason")
        await self._opened(body.get("session_id", ""))
        session = self.sessions.get(body.get("session_id", ""))
        if session is None:
            return _refuse(404, 4040, "Session not found")
        if self.faults.deaf_at_end:
            await asyncio.Event().wait()
        await session.end(reason)
        return _ok(None, "Session stopped")

    async def _keep_alive(self, request: web.Request) -> web.Response:
        if (failed := await self._fault("keep-alive")) is not None:
            return failed
        if request.headers.get("X-API-KEY") != self.api_key:
            return _refuse(401, 4010, "Invalid API key")
        session = self.sessions.get((await _json(request)).get("session_id", ""))
        if session is None or session.end_reason is not None:
            return _refuse(404, 4040, "Session not found")
        session.touch()
        return _ok(None, "ok")

    async def _credits(self, request: web.Request) -> web.Response:
        if request.headers.get("X-API-KEY") != self.api_key:
            return _refuse(401, 4010, "Invalid API key")
        return _ok({"credits_left": 100}, "ok")

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        session = self.sessions.get(request.match_info["session_id"])
        if session is None or session.end_reason is not None:
            return web.Response(status=404)
        if session.dials and self.faults.refuse_redial:
            return web.Response(status=403)
        return await session.serve_socket(request)

    # ------------------------------------------------------------------------- helpers
    async def _fault(self, endpoint: str) -> web.Response | None:
        await asyncio.sleep(self.faults.answer_delay_s)
        status = self.faults.status.get(endpoint)
        if status is None:
            return None
        self._failed[endpoint] = self._failed.get(endpoint, 0) + 1
        if self.faults.fail_times is not None and self._failed[endpoint] > self.faults.fail_times:
            return None
        if self.faults.body_not_json:
            return web.Response(status=status, text="<html>bad gateway</html>")
        if status == 402:
            return _refuse(402, 4020, "Insufficient credits")
        return _refuse(status, status * 10, f"pretended failure of {endpoint}")

    async def _opened(self, session_id: str) -> None:
        """Wait until the session is open, where it is being opened."""
        opening = self._openings.pop(session_id, None)
        if opening is not None:
            await asyncio.wait({opening})

    def _cap_s(self, body: dict[str, Any]) -> float:
        if self.faults.max_session_s is not None:
            return self.faults.max_session_s
        return SANDBOX_CAP_S if body.get("is_sandbox") else DEFAULT_CAP_S


def _invalid_settings(body: dict[str, Any]) -> web.Response | None:
    avatar_id = body.get("avatar_id")
    try:
        uuid.UUID(str(avatar_id))
    except ValueError:
        return _invalid("avatar_id", "Input should be a valid UUID")
    video = body.setdefault("video_settings", {})
    if video.setdefault("quality", "high") not in QUALITIES:
        return _invalid("video_settings.quality", f"Input should be one of {sorted(QUALITIES)}")
    if video.setdefault("encoding", "H264") not in ENCODINGS:
        return _invalid("video_settings.encoding", f"Input should be one of {sorted(ENCODINGS)}")
    duration = body.get("max_session_duration")
    if duration is not None and not (isinstance(duration, int | float) and duration > 0):
        return _invalid("max_session_duration", "Input should be a positive number")
    return None


async def _json(request: web.Request) -> dict[str, Any]:
    with contextlib.suppress(json.JSONDecodeError):
        body = await request.json()
        if isinstance(body, dict):
            return body
    return {}


def _bearer(request: web.Request) -> str:
    return request.headers.get("Authorization", "").removeprefix("Bearer ")


def _ok(data: dict[str, Any] | None, message: str, status: int = 200) -> web.Response:
    return web.json_response({"code": 1000, "data": data, "message": message}, status=status)


def _refuse(status: int, code: int, message: str) -> web.Response:
    return web.json_response({"code": code, "data": None, "message": message}, status=status)


def _invalid(field: str, message: str) -> web.Response:
    detail = [{"loc": ["body", *field.split(".")], "msg": message, "type": "value_error"}]
    return web.json_response({"detail": detail}, status=422)
