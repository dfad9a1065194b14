"""When the successor of a session with a cap is opened, and must speak at the latest. Pure."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from vision_agents.core.avatars.provider.policy import (
    OPENING_MARGIN,
    OPENINGS_REMEMBERED,
    RENEW_BEFORE_S,
    RENEW_FORCE_S,
    RENEW_MOST_SHARE,
    RENEW_SHARE,
)


class Openings:
    """How long the last sessions took to open."""

    def __init__(self) -> None:
        self._recent_s: deque[float] = deque(maxlen=OPENINGS_REMEMBERED)

    def took(self, seconds: float) -> None:
        self._recent_s.append(seconds)

    @property
    def slowest_s(self) -> float:
        """The longest of them; 0 before the first."""
        return max(self._recent_s, default=0.0)


@dataclass(frozen=True, slots=True)
class RenewalLead:
    """Seconds before the cap: when the successor's opening begins, and when it speaks even in
    mid-utterance."""

    open_s: float
    force_s: float


def renewal_lead(cap_s: float, *, opening_s: float) -> RenewalLead:
    """The leads for a cap of ``cap_s`` where sessions were seen to take ``opening_s`` to open.

    A successor must be there before the hand-over can be forced; on a cap so short that this
    would take more than ``RENEW_MOST_SHARE`` of it, it may come too late.
    """
    usual_s = min(RENEW_BEFORE_S, RENEW_SHARE * cap_s)
    force_s = min(RENEW_FORCE_S, usual_s / 2)
    needed_s = OPENING_MARGIN * opening_s + force_s
    return RenewalLead(min(max(usual_s, needed_s), RENEW_MOST_SHARE * cap_s), force_s)
