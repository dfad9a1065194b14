"""One session at the pretended service: its worker in the room and its clocks."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from vision_agents.core.errors import VisionAgentsError
from vision_agents.core.testing.puppet import Puppet
from vision_agents.plugins.lemonslice.wire import DATA_TOPIC, SAMPLE_RATE_HZ
from vision_agents.plugins.livekit.sandbox import AvatarWorker

if TYPE_CHECKING:
    from collections.abc import Callable

    import av
    import numpy as np
    from numpy.typing import NDArray

    from vision_agents.core.testing.service import ServiceLog
    from vision_agents.plugins.lemonslice.sandbox.faults import Faults

    Draw = Callable[[NDArray[np.int16]], av.VideoFrame]
    MakeDraw = Callable[[int, int, int], Draw]

logger = logging.getLogger(__name__)

FPS = 25
SIZES = {"2x3": (368, 560), "9x16": (342, 608), "1x1": (456, 456)}
COST_PER_S = 0.01
TICK_S = 0.02
CLOSE_TIMEOUT_S = 10.0
IMAGE_CHANGE_S = 0.3


class SandboxSession:
    """A session from QUEUED over ACTIVE to COMPLETED, TIMED_OUT or FAILED.

    What it was told is kept for tests: ``controls`` in order, ``terminated``, ``messages`` by
    topic, and the worker's own records.
    """

    def __init__(
        self,
        session_id: str,
        body: dict[str, Any],
        make_draw: MakeDraw,
        faults: Faults,
        log: ServiceLog,
        face: str | None = None,
    ) -> None:
        self.session_id = session_id
        self.body = body
        self.status = "QUEUED"
        self.terminated = False
        self.controls: list[str] = []
        self.ended_s: float | None = None
        self.started_s = time.monotonic()
        self._faults = faults
        self._log = log
        self._make_draw = make_draw
        self._idle_timeout_s = float(body.get("idle_timeout", 60))
        self._active_s = time.monotonic()
        self._size = SIZES[body.get("aspect_ratio", "2x3")]
        self._draw = make_draw(*self._size, FPS)
        self._face: AbstractAsyncContextManager[object] = nullcontext()
        puppet = self._puppet(face)
        properties = body["properties"]
        self.worker = AvatarWorker(
            properties["livekit_url"],
            properties["livekit_token"],
            puppet,
            size=self._size,
            faults=faults.worker,
            log=log,
            session=session_id,
            on_ready=self._ready,
            on_started=self._speech_started,
        )
        self.first_speech_s: float | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Begin; ``close`` awaits what this starts."""
        self._log.opened(self.session_id)
        self._living = self._spawn(self._live(), "worker")
        self._spawn(self._watch(), "clocks")

    @property
    def over(self) -> bool:
        return self.ended_s is not None

    @property
    def cost(self) -> float:
        """What it cost; fixed once it is over."""
        until_s = self.ended_s if self.ended_s is not None else time.monotonic()
        return round((until_s - self.started_s) * COST_PER_S, 4)

    def control(self, event: str, body: dict[str, Any]) -> str | None:
        """Obey a control event; why it is refused with 400, or ``None``."""
        self.controls.append(event)
        match event:
            case "terminate":
                self.terminated = True
                self._end("COMPLETED", "terminated")
            case "reset-idle-timeout" if not self._faults.old_schema:
                self._active_s = time.monotonic()
            case "update-image":
                if not (body.get("image_url") or body.get("image_base64")):
                    return "image_url or image_base64 is required"
                self._spawn(self._change_image(str(body.get("image_url", ""))), "image")
            case "update-agent-prompt" | "update-idle-prompt":
                field = event.removeprefix("update-").replace("-", "_")
                if not isinstance(body.get(field), str):
                    return f"{field} is required"
            case "pose-trigger":
                if not isinstance(body.get("pose_trigger"), dict):
                    return "pose_trigger is required"
            case "action" if not self._faults.old_schema:
                if not isinstance(body.get("action"), str):
                    return "action is required"
            case _:
                return f"unknown event: {event}"
        return None

    async def wait_left(self, timeout_s: float) -> None:
        """Wait until the worker has left the room, at most ``timeout_s``."""
        await asyncio.wait({self._living}, timeout=timeout_s)

    async def close(self) -> None:
        """Stop everything; idempotent."""
        self._end("FAILED", "the service was stopped")
        tasks = [task for task in self._tasks if not task.done()]
        if tasks:
            # The worker leaves the room by itself when told; the rest has nothing to finish.
            _, late = await asyncio.wait(tasks, timeout=CLOSE_TIMEOUT_S)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)

    # -- the worker ----------------------------------------------------------------------------

    def _puppet(self, face: str | None) -> Puppet:
        latency_s = self._faults.render_latency_s
        if face is None:
            return Puppet(self._picture, rate_hz=SAMPLE_RATE_HZ, fps=FPS, latency_s=latency_s)
        from vision_agents.plugins.lemonslice.sandbox.face import FacePuppet, LentFace

        width, height = self._size
        self._face = lent = LentFace(face, width=width, height=height, fps=FPS)
        return FacePuppet(lent, rate_hz=SAMPLE_RATE_HZ, fps=FPS, latency_s=latency_s)

    def _picture(self, samples: NDArray[np.int16]) -> av.VideoFrame:
        return self._draw(samples)

    async def _live(self) -> None:
        try:
            async with self._face:
                await self.worker.run()
        except* VisionAgentsError as problems:
            logger.debug("the worker of %s failed: %s", self.session_id, problems.exceptions)
            self._end("FAILED", "the worker failed")
        finally:
            self._end("FAILED", self.worker.left_because or "the worker stopped")

    async def _ready(self) -> None:
        self.status = "ACTIVE"
        self._active_s = time.monotonic()
        await self._say({"type": "bot_ready", "session_id": self.session_id})
        if self._faults.size_after_s is not None:
            await asyncio.sleep(self._faults.size_after_s)
            self._draw = self._make_draw(self._size[0] // 2, self._size[1] // 2, FPS)

    async def _speech_started(self) -> None:
        if self.first_speech_s is None:
            self.first_speech_s = time.monotonic()
        latency_s = self._faults.render_latency_s
        await self._say({"type": "metric", "time_to_first_push": latency_s, "tts_audio_delay": 110})

    async def _change_image(self, url: str) -> None:
        await asyncio.sleep(IMAGE_CHANGE_S)
        ok = not url.endswith("bad.png")
        await self._say({"type": "image_change_complete" if ok else "image_change_error"})

    async def _say(self, message: dict[str, Any]) -> None:
        if self.worker.agent and not self.over:
            payload = json.dumps(message).encode()
            await self.worker.room.send_data(payload, topic=DATA_TOPIC, to=self.worker.agent)

    # -- the clocks ----------------------------------------------------------------------------

    async def _watch(self) -> None:
        while not self.over:
            await asyncio.sleep(TICK_S)
            now_s = time.monotonic()
            if self.worker.speaking:
                self._active_s = now_s
            fatal_s = self._faults.fatal_error_after_s
            if now_s - self.started_s > self._faults.max_session_s:
                self._end("COMPLETED", "the cap was reached")
            elif 0 <= self._idle_timeout_s < now_s - self._active_s and self.status == "ACTIVE":
                await self._say({"type": "idle_timeout"})
                self._end("TIMED_OUT", "idle")
            elif (
                fatal_s is not None
                and self.first_speech_s is not None
                and now_s - self.first_speech_s > fatal_s
            ):
                await self._say({"type": "error", "error": "GPU lost", "fatal": True})
                self._end("FAILED", "fatal error")

    def _end(self, status: str, because: str) -> None:
        if self.over:
            return
        self.status, self.ended_s = status, time.monotonic()
        self._log.closed(self.session_id)
        self.worker.leave(because)

    def _spawn(self, work: Any, name: str) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name=f"sandbox lemonslice {name}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
