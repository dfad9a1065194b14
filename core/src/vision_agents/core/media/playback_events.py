"""What is told of playback: to whoever listens, and by a provider."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vision_agents.core.media.chunks import Mark

__all__ = [
    "Cleared",
    "Finished",
    "MarkPlayed",
    "PlaybackEvent",
    "ProviderMark",
    "Started",
    "UtteranceFinished",
    "UtteranceStarted",
]


@dataclass(frozen=True, slots=True)
class UtteranceStarted:
    """The first sound of the utterance left towards the listener at ``at_s`` (monotonic)."""

    utterance_id: int
    at_s: float


@dataclass(frozen=True, slots=True)
class UtteranceFinished:
    """Nothing more of the utterance will be heard. ``reason``: ``"played"``, ``"flushed"``,
    ``"timeout"`` (the rest never came) or ``"closed"``."""

    utterance_id: int
    heard_s: float
    sent_s: float
    interrupted: bool
    reason: str
    at_s: float


@dataclass(frozen=True, slots=True)
class MarkPlayed:
    """The word or phoneme is heard from now on; ``mark.at_s`` counts from the utterance's start."""

    utterance_id: int
    mark: Mark
    at_s: float


PlaybackEvent = UtteranceStarted | UtteranceFinished | MarkPlayed


@dataclass(frozen=True, slots=True)
class Started:
    """A provider says that playback of the utterance begins in the media it sends now."""

    utterance_id: int


@dataclass(frozen=True, slots=True)
class Finished:
    """A provider says that it has sent all it will send of the utterance."""

    utterance_id: int
    position_s: float | None = None
    interrupted: bool = False


@dataclass(frozen=True, slots=True)
class Cleared:
    """A provider says that nothing of the interrupted utterance follows."""

    utterance_id: int


ProviderMark = Started | Finished | Cleared
