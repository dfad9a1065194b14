"""What people ask of an agent by other means than speech: typed text, a button."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Command", "Interrupt", "Say"]


@dataclass(frozen=True, slots=True)
class Say:
    """Somebody typed a text for the agent to speak."""

    text: str


@dataclass(frozen=True, slots=True)
class Interrupt:
    """Somebody wants silence now."""


Command = Say | Interrupt
