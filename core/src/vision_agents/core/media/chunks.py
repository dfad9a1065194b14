"""What goes down an audio stream: chunks of speech with their marks, and flushes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from vision_agents.core.media.pcm import PcmData

__all__ = ["AudioOutputChunk", "AudioOutputFlush", "Mark"]


@dataclass(frozen=True, slots=True)
class Mark:
    """A hint at a moment of speech: a ``"word"`` or a ``"phoneme"`` that begins there.

    ``at_s`` counts from the start of the chunk that carries the mark.
    """

    kind: str
    text: str
    at_s: float

    def shifted(self, by_s: float) -> Mark:
        return replace(self, at_s=self.at_s + by_s)


@dataclass(frozen=True, slots=True)
class AudioOutputChunk:
    """A piece of an utterance. ``final`` ends the utterance; ``data`` may then be missing."""

    data: PcmData | None = None
    final: bool = False
    utterance_id: int = 0
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class AudioOutputFlush:
    """Barge-in: drop whatever you hold.

    It answers ``data`` and ``final`` too, so a loop that only reads chunks lives through it.
    """

    @property
    def data(self) -> None:
        return None

    @property
    def final(self) -> Literal[False]:
        return False
