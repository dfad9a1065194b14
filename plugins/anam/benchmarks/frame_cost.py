"""What a received 720p picture costs beyond the SDK's own decoding: ``python frame_cost.py``.

Runs the real SDK against the stand-in for ten seconds and sums the CPU time of the event loop's
thread between the SDK's handing out a picture and the plugin's asking for the next one.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import AsyncIterator
from typing import Any

from vision_agents.core.testing.puppet import flash_draw
from vision_agents.core.testing.viewer import MeasuredCall
from vision_agents.plugins.anam.avatar import AnamAvatar
from vision_agents.plugins.anam.connection import AnamConnection
from vision_agents.plugins.anam.sandbox import API_KEY, AVATAR_ID, Faults
from vision_agents.plugins.anam.sandbox.service import SandboxService

SECONDS = 10.0
SIZE = (1280, 720)


async def main() -> None:
    spent_ms: list[float] = []
    plain = AnamConnection.video_frames

    async def timed(self: AnamConnection) -> AsyncIterator[Any]:
        async for frame in plain(self):
            began = time.thread_time()
            yield frame
            spent_ms.append((time.thread_time() - began) * 1e3)

    AnamConnection.video_frames = timed  # type: ignore[method-assign]
    async with SandboxService(
        flash_draw, api_key=API_KEY, faults=Faults(width=SIZE[0], height=SIZE[1])
    ) as service:
        avatar = AnamAvatar(
            avatar_id=AVATAR_ID,
            api_key=API_KEY,
            base_url=service.url,
            width=SIZE[0],
            height=SIZE[1],
        )
        async with MeasuredCall(avatar, source_size=SIZE) as call:
            await call.say(SECONDS)
    spent_ms.sort()
    print(
        f"{len(spent_ms)} pictures of {SIZE[0]}x{SIZE[1]}: "
        f"median {statistics.median(spent_ms):.3f} ms, "
        f"p95 {spent_ms[int(len(spent_ms) * 0.95)]:.3f} ms of CPU each"
    )


asyncio.run(main())
