"""The gate of a barge-in: keeps late media of the old utterance out until it can be no more."""

from __future__ import annotations

import math

from vision_agents.core.avatars.provider.policy import PAUSE_S


class Gate:
    """Closed at a barge-in; opens by the first of: the service says its queue is clear, silence
    in its sound after it was told, ``clear_timeout_s``.

    Silence must be longer than any pause that the old utterance has of its own about there, and
    must last beyond the moment at which an utterance that had not begun would have been heard.
    Even then sound is *stale* until the next speech is sent: nobody asked for it. Times are
    monotonic seconds.
    """

    def __init__(self, clear_timeout_s: float) -> None:
        self._clear_timeout_s = clear_timeout_s
        self._opens_at_s = -math.inf
        self._told = True
        self._quiet_s = 0.0
        self._silence_s = PAUSE_S
        self._silent_from_s = -math.inf
        self._stale = False

    @property
    def opens_at_s(self) -> float:
        """The latest moment at which it opens; in the past when it is open."""
        return self._opens_at_s

    @property
    def is_told(self) -> bool:
        """Whether the service knows of the last barge-in."""
        return self._told

    def is_open(self, now_s: float) -> bool:
        return now_s >= self._opens_at_s

    def lets_through(self, now_s: float, *, loud: bool) -> bool:
        """Whether sound that arrives now may be heard."""
        return self.is_open(now_s) and not (loud and self._stale)

    def close(self, now_s: float, *, pause_s: float = 0.0, expected_s: float = -math.inf) -> None:
        """Barge-in. ``pause_s`` is the longest pause that the old utterance has about here;
        ``expected_s`` is when it would have begun, if it has not."""
        self._opens_at_s = now_s + self._clear_timeout_s
        self._silence_s = PAUSE_S + pause_s
        self._silent_from_s = expected_s
        self._told = False
        self._quiet_s = 0.0
        self._stale = True

    def told(self) -> None:
        """The service knows of it; pauses before that were the old utterance's own."""
        self._told = True
        self._quiet_s = 0.0

    def cleared(self, now_s: float) -> None:
        """The service says that nothing of the old utterance will come any more."""
        self._opens_at_s = min(self._opens_at_s, now_s)
        self._stale = False

    def sent(self) -> None:
        """New speech was sent: sound is wanted again."""
        self._stale = False

    def sound(self, duration_s: float, *, loud: bool, now_s: float) -> None:
        """Watch the sound that arrives while it is closed."""
        if not self._told or self.is_open(now_s):
            return
        self._quiet_s = 0.0 if loud else self._quiet_s + duration_s
        if self._quiet_s >= self._silence_s - 1e-6 and now_s >= self._silent_from_s:
            self._opens_at_s = now_s
