"""The two halves of a barge-in: the agent flushes its stream, and calls ``interrupt()``."""

from __future__ import annotations

import math

from vision_agents.core.avatars.provider.policy import INTERRUPT_TIMEOUT_S


class BargeIn:
    """Tells which halves belong together; they come in either order. Monotonic seconds."""

    def __init__(self) -> None:
        self._flushed_at_s = self._interrupted_at_s = -math.inf

    def flushed(self, now_s: float) -> None:
        """The stream's half was read; it is a cut also where it comes second."""
        if now_s - self._interrupted_at_s >= INTERRUPT_TIMEOUT_S:
            self._flushed_at_s = now_s
        self._interrupted_at_s = -math.inf

    def interrupted(self, now_s: float) -> bool:
        """Whether this half comes first; else what arrived since the flush is new speech."""
        if now_s - self._flushed_at_s < INTERRUPT_TIMEOUT_S:
            self._flushed_at_s = -math.inf
            return False
        self._interrupted_at_s = now_s
        return True
