"""What a call is and who is in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import uuid4

__all__ = ["Call", "Participant"]


@dataclass(frozen=True, slots=True)
class Call:
    """A call to join; ``id`` is the room's name where an edge has rooms."""

    id: str = field(default_factory=lambda: uuid4().hex)
    type: str = "default"


@dataclass(frozen=True, slots=True)
class Participant:
    """A person in the call, as far as the edge knows; the key of what they say."""

    user_id: str
    name: str = ""
