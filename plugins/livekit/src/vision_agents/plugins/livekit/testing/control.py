"""A second receiver of an avatar's own tracks: what the room itself makes of lip-sync."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from vision_agents.core.testing.markers import MarkerDetector
from vision_agents.plugins.livekit.room import RoomClient
from vision_agents.plugins.livekit.tokens import join_token

if TYPE_CHECKING:
    from vision_agents.plugins.livekit.connection import LiveKitConnection

SAMPLE_RATE_HZ = 48_000


@asynccontextmanager
async def control_pair(
    connection: LiveKitConnection, *, room: str, identity: str, fps: float = 25
) -> AsyncIterator[MarkerDetector]:
    """Join ``room`` beside the plugin under test and receive participant ``identity``.

    The detector's median is what codecs, network and LiveKit's jitter buffers add; figures of the
    published tracks are judged relative to it.
    """
    detector = MarkerDetector(SAMPLE_RATE_HZ, fps=fps)
    client = RoomClient(provider="control")
    client.receive(
        identity,
        on_video=lambda _, frame: detector.push_video(frame, time.monotonic()),
        on_audio=lambda _, pcm: detector.push_audio(pcm, time.monotonic()),
    )
    try:
        await client.connect(connection.url, join_token(connection, room=room, identity="control"))
        yield detector
    finally:
        await client.close()
