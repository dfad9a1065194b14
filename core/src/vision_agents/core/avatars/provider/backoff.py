"""When to try again."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from vision_agents.core.avatars.provider.policy import (
    BACKOFF_CAP_S,
    BACKOFF_FACTOR,
    BACKOFF_FIRST_S,
    BACKOFF_JITTER,
    GIVE_UP_AFTER_S,
)

if TYPE_CHECKING:
    from collections.abc import Callable


class Backoff:
    """Growing delays between attempts, and the moment to give up; monotonic seconds."""

    def __init__(
        self,
        *,
        give_up_after_s: float = GIVE_UP_AFTER_S,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._give_up_after_s = give_up_after_s
        self._chance = chance
        self._since_s: float | None = None
        self.attempts = 0
        """Failures in a row."""

    def failed(self, now_s: float) -> float | None:
        """Seconds to wait before the next attempt; ``None``: it has lasted too long, give up."""
        if self._since_s is None:
            self._since_s = now_s
        self.attempts += 1
        base = BACKOFF_FIRST_S * BACKOFF_FACTOR ** min(self.attempts - 1, 20)
        delay = min(base, BACKOFF_CAP_S) * (1 + BACKOFF_JITTER * (2 * self._chance() - 1))
        return delay if now_s + delay - self._since_s <= self._give_up_after_s else None

    def reset(self) -> None:
        """It worked."""
        self.attempts = 0
        self._since_s = None
