"""Where a pretended avatar is seen and heard: a participant of a real LiveKit room."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from vision_agents.core.testing.puppet import Puppet, PuppetEvent
from vision_agents.plugins.liveavatar.wire import SAMPLE_RATE_HZ
from vision_agents.plugins.livekit.room import RoomClient
from vision_agents.plugins.livekit.sandbox.stage import PuppetStage
from vision_agents.plugins.livekit.tokens import join_token

if TYPE_CHECKING:
    import av
    import numpy as np
    from numpy.typing import NDArray

    from vision_agents.plugins.liveavatar.sandbox.faults import Faults
    from vision_agents.plugins.livekit.connection import LiveKitConnection

    Draw = Callable[[NDArray[np.int16]], av.VideoFrame]
    MakeDraw = Callable[[int, int, int], Draw]

AVATAR_IDENTITY = "heygen"
FPS = 25
SIZES = {"very_high": (1920, 1080), "high": (1280, 720), "medium": (854, 480), "low": (640, 360)}

OnEvent = Callable[[PuppetEvent], None]


class Stage(Protocol):
    """Publishes one avatar; ``puppet`` makes its media."""

    puppet: Puppet

    def interrupt(self) -> None:
        """Cut what plays and drop what waits."""

    def freeze(self) -> None:
        """Send no more picture or sound, and stay."""

    async def run(self) -> None:
        """Play until cancelled."""

    async def close(self) -> None:
        """Leave the room. Idempotent."""


class OpenStage(Protocol):
    """Makes the stage of one session: ``(stage, room URL, the client's token)``."""

    async def __call__(
        self, session_id: str, quality: str, faults: Faults, on_event: OnEvent
    ) -> tuple[Stage, str, str]: ...


class RoomStage:
    """A puppet in a room of its own, joined under the service's identity."""

    def __init__(self, room: RoomClient, puppet: Puppet, on_event: OnEvent) -> None:
        self.puppet = puppet
        self._room = room
        self._stage = PuppetStage(
            room, puppet, on_event=on_event, audio_name="avatar-audio", video_name="avatar"
        )
        self._running: asyncio.Future[None] | None = None

    async def publish(self, width: int, height: int) -> None:
        """Publish both tracks; the room must be joined."""
        await self._stage.publish(width, height)

    def interrupt(self) -> None:
        self._stage.interrupt()

    def freeze(self) -> None:
        self._stage.freeze()

    async def run(self) -> None:
        await self._stage.run()

    async def close(self) -> None:
        await self._room.close()
        with contextlib.suppress(RuntimeError):  # closed before
            await self._stage.close()


def livekit_stages(connection: LiveKitConnection, make_draw: MakeDraw) -> OpenStage:
    """Stages in rooms of the LiveKit server at ``connection``.

    ``make_draw(width, height, fps)`` makes what draws a session's pictures from its sound.
    """

    async def open_stage(
        session_id: str, quality: str, faults: Faults, on_event: OnEvent
    ) -> tuple[Stage, str, str]:
        width, height = faults.size or SIZES[quality]
        draw = make_draw(width, height, FPS)
        puppet = Puppet(draw, rate_hz=SAMPLE_RATE_HZ, fps=FPS, latency_s=faults.render_latency_s)
        room = RoomClient(provider="sandbox")
        stage = RoomStage(room, puppet, on_event)
        if not faults.no_room:
            token = join_token(connection, room=session_id, identity=AVATAR_IDENTITY)
            try:
                await room.connect(connection.url, token)
                await stage.publish(width, height)
            except BaseException:  # cancelled with its caller, who has no stage to close yet
                await stage.close()
                raise
        client = join_token(connection, room=session_id, identity="client")
        return stage, connection.url, client

    return open_stage
