"""Two people in a real room, in a few lines."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import av
import numpy as np
from numpy.typing import NDArray

from vision_agents.core.testing.puppet import Puppet
from vision_agents.plugins.livekit.events import RoomEvent
from vision_agents.plugins.livekit.room import RoomClient
from vision_agents.plugins.livekit.sandbox import LiveKitServer, PuppetStage
from vision_agents.plugins.livekit.tokens import join_token

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SIZE = (160, 120)


def grey(samples: NDArray[np.int16]) -> av.VideoFrame:
    """A picture as bright as its sound is loud."""
    frame = av.VideoFrame(*SIZE, "yuv420p")
    level = 40 + 200 * int(np.abs(samples.astype(np.int32)).max(initial=0)) // 32768
    for plane, value in zip(frame.planes, (level, 128, 128), strict=True):
        plane.update(bytes([value]) * plane.buffer_size)
    return frame


@asynccontextmanager
async def joined(
    server: LiveKitServer,
    room: str,
    identity: str,
    *,
    agent: bool = False,
    log: list[RoomEvent] | None = None,
) -> AsyncIterator[RoomClient]:
    """A participant who is in the room."""
    client = RoomClient(provider="test", on_event=None if log is None else log.append)
    try:
        token = join_token(
            server.connection, room=room, identity=identity, kind="agent" if agent else "standard"
        )
        await client.connect(server.connection.url, token)
        yield client
    finally:
        await client.close()


@asynccontextmanager
async def performing(
    room: RoomClient, puppet: Puppet, *, video: bool = True, size: tuple[int, int] = SIZE
) -> AsyncIterator[PuppetStage]:
    """``puppet`` plays into ``room`` while the block runs."""
    stage = PuppetStage(room, puppet, on_event=lambda event: None)
    await stage.publish(*size, video=video)
    playing = asyncio.create_task(stage.run())
    try:
        yield stage
    finally:
        playing.cancel()
        await asyncio.wait({playing})
        await stage.close()
