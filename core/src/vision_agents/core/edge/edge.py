"""The contract between an agent and a transport."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Never

if TYPE_CHECKING:
    from aiortc import VideoStreamTrack

    from vision_agents.core.agents.user import User
    from vision_agents.core.edge.call import Call
    from vision_agents.core.edge.commands import Command
    from vision_agents.core.events.base import BaseEvent
    from vision_agents.core.media.audio_stream import AudioOutputStream
    from vision_agents.core.media.pcm import PcmData

__all__ = ["Edge"]


class Edge(ABC):
    """Carries an agent's picture and sound to people, and their sound and wishes to the agent.

    The agent calls ``join``, ``publish`` once, and ``close``. An edge is used for one call.
    Subclasses that override ``close`` call ``await super().close()`` last.
    """

    attended: bool = True
    """Whether people can come and go; False where nobody will ever end the call."""

    def __init__(self) -> None:
        self._closed = asyncio.Event()

    @property
    def url(self) -> str | None:
        """Where a person with a browser can watch; None where there is no such place."""
        return None

    @abstractmethod
    async def join(self, call: Call, user: User) -> None:
        """Enter the call; returns when media can be published.

        Raises:
            VisionAgentsError: the call cannot be joined; says why.
        """

    @abstractmethod
    async def publish(
        self, *, audio: AudioOutputStream | None, video: VideoStreamTrack | None
    ) -> None:
        """Publish sound and picture; both live until ``close``, and are never replaced.

        The edge pulls: ``audio.pull(samples, rate_hz, now_s)``, 20 ms at a time, or wraps the
        stream in an ``OutboundAudioTrack``. An edge that must push registers itself with
        ``audio.attach_sink``. ``video.recv()`` may have one reader: share it with a relay.
        The edge owns neither: it stops reading at ``close`` and closes nothing.
        """

    async def close(self) -> None:
        """Leave the call and release everything; idempotent, bounded, from any state."""
        self._closed.set()

    def incoming_audio(self) -> AsyncIterator[PcmData]:
        """What people say, each chunk with its ``participant``; ends when the edge closes.

        Never the agent's own sound. An edge that hears nobody yields nothing. One reader: the
        chunks are held for it within a bound, and the oldest go beyond that.
        """
        return _NothingUntil(self._closed)

    def commands(self) -> AsyncIterator[Command]:
        """Texts people typed and interruptions they asked for, in order; ends at ``close``."""
        return _NothingUntil(self._closed)

    async def wait_for_participant(self, timeout_s: float) -> bool:
        """Wait until somebody is there to see and hear; False when nobody comes in time.

        An edge that cannot know says True at once.
        """
        del timeout_s
        return True

    async def wait_ended(self) -> None:
        """Wait until the call is over: everybody left, the room was closed, or ``close()``.

        Raises:
            VisionAgentsError: the edge failed, and with it the call; says why.
        """
        await self._closed.wait()

    def observe(self, event: BaseEvent) -> None:
        """Told of every event of the agent, lip-sync reports among them; must not block."""


class _NothingUntil(AsyncIterator[Never]):
    """An iterator without items that ends with an event."""

    def __init__(self, ended: asyncio.Event) -> None:
        self._ended = ended

    async def __anext__(self) -> Never:
        await self._ended.wait()
        raise StopAsyncIteration
