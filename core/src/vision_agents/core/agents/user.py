"""Who the agent is in a call."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import uuid4

__all__ = ["User"]


@dataclass(frozen=True, slots=True)
class User:
    """A name to show and an id the edge joins with; ``image`` is an address of a portrait."""

    name: str = "Agent"
    id: str = field(default_factory=lambda: f"agent-{uuid4().hex[:8]}")
    image: str | None = None
