"""What the kit needs from you: an avatar, and the stand-in that it talks to."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vision_agents.core.avatars import Avatar
    from vision_agents.core.testing.service import ServiceLog

__all__ = ["Bench", "Fault"]


class Fault(StrEnum):
    """What a stand-in can be told to do wrong."""

    AUTH = "auth"
    """Sessions are refused from now on: the key is wrong."""
    QUOTA = "quota"
    """Sessions are refused from now on: credits or minutes are used up."""
    BUSY = "busy"
    """Sessions are refused from now on: too many at once."""
    HANG = "hang"
    """Sessions are accepted from now on and never become ready."""
    SLOW = "slow"
    """Sessions take about a second longer from now on to become ready."""
    DROP = "drop"
    """The connections of all sessions break now, without a farewell; new ones work."""
    STALL = "stall"
    """No sound or picture comes any more from the sessions open now; their connections stay."""
    HANG_DISCONNECT = "hang-disconnect"
    """The service does not answer any more when a session is ended."""


@dataclass(frozen=True, kw_only=True)
class Bench:
    """One stand-in, running, and how to make an avatar on it.

    ``log`` is what the stand-in saw; without it the checks that need it fail, unless nothing is
    behind the avatar. ``faults`` maps each fault to what switches it on, at once. ``secrets`` are
    the keys and tokens in use, unmistakable ones. ``source_size`` is the picture that the stand-in
    draws with ``FlashRenderer`` at ``source_fps``; ``None`` where it draws something else.
    ``forget`` makes the stand-in drop what it keeps of past sessions; called before memory is
    measured.
    """

    make: Callable[[], Avatar]
    log: ServiceLog | None = None
    faults: Mapping[Fault, Callable[[], object]] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    source_size: tuple[int, int] | None = None
    source_fps: float = 25
    forget: Callable[[], object] | None = None
