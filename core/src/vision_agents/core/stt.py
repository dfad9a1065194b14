"""The contract of speech recognition: what people say becomes text and turns."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vision_agents.core.events.manager import EventManager
from vision_agents.core.metrics.collector import MetricsCollector

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from vision_agents.core.media.pcm import PcmData

__all__ = ["STT", "SpeechStarted", "Transcript"]


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """A participant began to speak: the moment of a barge-in."""

    participant_id: str | None = None


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was recognised; ``final`` ends the participant's turn and asks for an answer."""

    text: str
    final: bool = True
    participant_id: str | None = None


class STT(ABC):
    """Recognises speech."""

    provider_name: str = ""

    def __init__(self) -> None:
        self.events = EventManager()
        self.metrics = MetricsCollector()

    @abstractmethod
    def transcribe(
        self, audio: AsyncIterator[PcmData]
    ) -> AsyncIterator[SpeechStarted | Transcript]:
        """Yield turns and texts until ``audio`` ends; each chunk names its ``participant``."""

    async def start(self) -> None:
        """Get ready to listen; nothing by default."""

    async def close(self) -> None:
        """Release everything; idempotent."""
