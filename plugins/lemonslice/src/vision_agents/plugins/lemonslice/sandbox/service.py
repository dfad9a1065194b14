"""LemonSlice's REST interface, served on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import json
import uuid
from typing import TYPE_CHECKING, Any

from aiohttp import web

from vision_agents.core.testing.service import ServiceLog

from .checks import problem_with_body
from .faults import Faults
from .session import SandboxSession

if TYPE_CHECKING:
    from .session import MakeDraw

MAX_BODY_BYTES = 900_000
# A `terminate` is answered when the worker has left, or after this long: one that is just joining
# cannot turn back, and needs 1.2 s for it.
LEAVE_PATIENCE_S = 3.0


class SandboxService:
    """The service; ``start`` and ``close`` it. ``sessions`` holds all there ever were, in order.

    ``face`` names an installed avatar whose face is shown in place of what ``make_draw`` draws.
    """

    def __init__(
        self,
        make_draw: MakeDraw,
        *,
        api_key: str,
        faults: Faults | None = None,
        face: str | None = None,
    ) -> None:
        self.faults = faults or Faults()
        self.sessions: dict[str, SandboxSession] = {}
        self.log = ServiceLog()
        self.created = 0
        """How many ``create`` calls were made, refused ones too."""
        self._make_draw = make_draw
        self._api_key = api_key
        self._face = face
        self._failed: dict[str, int] = {}
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def start(self, port: int = 0) -> None:
        """Listen on 127.0.0.1; ``url`` says where."""
        app = web.Application(client_max_size=4 * MAX_BODY_BYTES)
        app.add_routes(
            [
                web.post("/liveai/sessions", self._create),
                web.get("/liveai/sessions", self._list),
                web.get("/liveai/sessions/{id}", self._get),
                web.post("/liveai/sessions/{id}/control", self._control),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def close(self) -> None:
        """End all sessions and stop listening; idempotent."""
        await asyncio.gather(*(session.close() for session in self.sessions.values()))
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    @property
    def alive(self) -> list[SandboxSession]:
        """The sessions that are not over: those somebody pays for."""
        return [session for session in self.sessions.values() if not session.over]

    def drop(self) -> None:
        """The workers of all sessions are gone from their rooms, now; new ones work."""
        for session in self.alive:
            session.worker.leave("dropped")

    def stall(self) -> None:
        """The workers of the sessions alive stay in their rooms and send nothing any more."""
        for session in self.alive:
            session.worker.freeze()

    def forget(self) -> None:
        """Drop what is kept of sessions that are over."""
        self.sessions = {key: value for key, value in self.sessions.items() if not value.over}

    # -- calls ---------------------------------------------------------------------------------

    async def _create(self, request: web.Request) -> web.Response:
        self.created += 1
        refused = self._refused(request, "create")
        if refused is not None:
            return refused
        body, has_image, problem = await _read_body(request)
        problem = problem or problem_with_body(
            body, has_image=has_image, old_schema=self.faults.old_schema
        )
        if problem is not None:
            return _refuse(400, problem)
        if self.faults.concurrency is not None and len(self.alive) >= self.faults.concurrency:
            return _refuse(403, "too many concurrent sessions")
        session_id = f"livekit-{uuid.uuid4().hex[:12]}"
        session = SandboxSession(
            session_id, body, self._make_draw, self.faults, self.log, self._face
        )
        self.sessions[session_id] = session
        session.start()
        # Started before it is told: a caller that gives up meanwhile has an orphan.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.faults.answer_delay_s):
                await _client_gone(request)
        return web.json_response({"session_id": session_id}, status=201)

    async def _list(self, request: web.Request) -> web.Response:
        refused = self._refused(request, "get")
        if refused is not None:
            return refused
        rows = [_row(session) for session in self.sessions.values()]
        return web.json_response({"sessions": rows, "page": 1})

    async def _get(self, request: web.Request) -> web.Response:
        refused = self._refused(request, "get")
        if refused is not None:
            return refused
        session = self.sessions.get(request.match_info["id"])
        return _refuse(404, "no such session") if session is None else _answer(_row(session))

    async def _control(self, request: web.Request) -> web.Response:
        refused = self._refused(request, "control")
        if refused is not None:
            return refused
        if self.faults.hang_control:
            await _client_gone(request)
        session = self.sessions.get(request.match_info["id"])
        if session is None or session.over:
            if session is not None:
                await session.wait_left(LEAVE_PATIENCE_S)
            return _refuse(404, "no such session, or it has ended")
        body, _, problem = await _read_body(request)
        if problem is None:
            problem = session.control(str(body.get("event", "")), body)
        if session.terminated:
            await session.wait_left(LEAVE_PATIENCE_S)
        return _answer({"success": True}) if problem is None else _refuse(400, problem)

    def _refused(self, request: web.Request, call: str) -> web.Response | None:
        if request.headers.get("X-API-Key") != self._api_key:
            return _refuse(401, "invalid API key")
        status = self.faults.status.get(call)
        if status is None:
            return None
        failed = self._failed.get(call, 0)
        if self.faults.fail_times is not None and failed >= self.faults.fail_times:
            return None
        self._failed[call] = failed + 1
        if self.faults.body_not_json:
            return web.Response(status=status, text="<html>bad gateway</html>")
        return _refuse(status, f"fault: {status}")


async def _client_gone(request: web.Request) -> None:
    """Return when nobody waits for the answer any more."""
    while request.transport is not None:  # noqa: ASYNC110 - aiohttp has no event for it
        await asyncio.sleep(0.05)


async def _read_body(request: web.Request) -> tuple[Any, bool, str | None]:
    """JSON, or the parts ``payload`` and ``image`` of a form; a problem where it is neither."""
    try:
        if request.content_type != "multipart/form-data":
            return await request.json(), False, None
        form = await request.post()
        payload = form.get("payload", "")
        text = payload if isinstance(payload, (str, bytes, bytearray)) else ""
        return json.loads(text), "image" in form, None
    except ValueError:
        return {}, False, "body is no JSON"


def _row(session: SandboxSession) -> dict[str, Any]:
    row: dict[str, Any] = {"session_id": session.session_id, "session_status": session.status}
    if session.status == "COMPLETED":
        row["cost"] = session.cost
    return row


def _answer(data: dict[str, Any]) -> web.Response:
    return web.json_response(data)


def _refuse(status: int, detail: str) -> web.Response:
    return web.json_response({"detail": detail}, status=status)
