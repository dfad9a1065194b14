"""The contract of a voice: text in, PCM with marks out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vision_agents.core.events.manager import EventManager
from vision_agents.core.metrics.collector import MetricsCollector

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from vision_agents.core.media.audio_stream import Mark
    from vision_agents.core.media.pcm import PcmData

__all__ = ["TTS", "SpeechChunk"]


@dataclass(frozen=True, slots=True)
class SpeechChunk:
    """A piece of speech. ``marks`` name words and phonemes, in seconds inside ``data``."""

    data: PcmData
    marks: tuple[Mark, ...] = ()


class TTS(ABC):
    """Speaks text. One synthesis at a time; the agent calls it sentence by sentence."""

    provider_name: str = ""

    def __init__(self) -> None:
        self.events = EventManager()
        self.metrics = MetricsCollector()

    @abstractmethod
    def synthesize(self, text: str) -> AsyncIterator[SpeechChunk]:
        """Yield the speech of ``text`` as it is made, at one sample rate throughout.

        Faster than real time is welcome: whoever reads paces. Heavy work stays off the event
        loop. Text without anything to pronounce yields nothing. Closing or cancelling the
        iterator stops the synthesis.

        Raises:
            VisionAgentsError: the voice cannot speak this; says why.
        """

    async def start(self) -> None:
        """Load what the first word needs, so that it comes at once; nothing by default."""

    async def interrupt(self) -> None:
        """Drop a synthesis in flight at the voice; nothing by default."""

    async def close(self) -> None:
        """Release everything; idempotent."""
