"""What a recording is made of, piece by piece: the same for each way of taking it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

if TYPE_CHECKING:
    import asyncio

    import av

    from vision_agents.core.media.pcm import PcmData

__all__ = ["DEFAULT_FPS", "PACKET_S", "RATE_HZ", "SAMPLES", "TAIL_S", "Piece", "Take"]

RATE_HZ: Final = 48_000
PACKET_S: Final = 0.02
SAMPLES: Final = round(RATE_HZ * PACKET_S)
DEFAULT_FPS: Final = 30
# Silence recorded after the last word: the mouth has closed by then.
TAIL_S: Final = 0.4


class Piece(NamedTuple):
    """Some sound, and the pictures that begin in it, each with its place in the file."""

    pcm: PcmData
    pictures: list[tuple[av.VideoFrame, float]]


class Take(Protocol):
    """One recording of what an agent publishes."""

    fps: float
    """The file's picture rate."""

    async def next(self, stopping: asyncio.Event) -> Piece | None:
        """The next piece; None when there will be no more, soon after ``stopping`` is set."""
        ...

    async def close(self) -> None:
        """Read nothing more; idempotent."""
        ...
