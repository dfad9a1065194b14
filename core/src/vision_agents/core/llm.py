"""The contract of a language model: a prompt in, streaming text out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vision_agents.core.events.manager import EventManager
from vision_agents.core.metrics.collector import MetricsCollector

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["LLM", "Spoken"]


@dataclass(frozen=True, slots=True)
class Spoken:
    """What became of an answer: the model's memory should hold ``heard_text``, not ``text``."""

    text: str
    heard_text: str
    interrupted: bool


class LLM(ABC):
    """Answers. It owns the conversation's history and is told what was really heard."""

    provider_name: str = ""

    def __init__(self) -> None:
        self.events = EventManager()
        self.metrics = MetricsCollector()

    @abstractmethod
    def respond(self, text: str, *, participant_id: str | None = None) -> AsyncIterator[str]:
        """Yield the answer to ``text`` in pieces as they come; closing the iterator stops it."""

    def spoken(self, spoken: Spoken) -> None:
        """Told once per answer, after it was played or cut; nothing by default."""

    async def start(self) -> None:
        """Get ready to answer; nothing by default."""

    async def close(self) -> None:
        """Release everything; idempotent."""
