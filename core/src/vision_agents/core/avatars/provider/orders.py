"""What a session is to be told next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from vision_agents.core.media.pcm import PcmData


@dataclass(frozen=True, slots=True)
class Send:
    """A chunk of speech."""

    pcm: PcmData
    utterance: int


@dataclass(frozen=True, slots=True)
class End:
    """Nothing more of the utterance comes."""

    utterance: int


@dataclass(frozen=True, slots=True)
class Interrupt:
    """Stop, and drop what is queued."""

    utterance: int


@dataclass(frozen=True, slots=True)
class KeepAlive:
    """A sign of life."""


@dataclass(frozen=True, slots=True)
class Attend:
    """A person began, or ceased, to speak."""

    speaking: bool


Order: TypeAlias = Send | End | Interrupt | KeepAlive | Attend
