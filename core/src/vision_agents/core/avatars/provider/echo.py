"""How far a session's sound has come back, found from the sound alone.

Services send sound all the time: silence before, between and after speech, and silence in the
place of speech that failed. What comes back is therefore laid along the pauses of what was sent:
silence advances through a pause and stops where speech is due; a new burst of sound begins where
the script's next one does. So silence that a service inserts or leaves out does not add up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vision_agents.core.avatars.provider.policy import CRUMB_S, PAUSE_S

if TYPE_CHECKING:
    from vision_agents.core.avatars.provider.levels import Profile

_SNAP_BACK_S = 0.15  # a burst that begins this shortly after its place in the script begins there
_SHORT_S = 0.08  # a burst may end this much early: packets get lost, codecs and filters trim
_EPSILON_S = 1e-6


class Echo:
    """Follows the sound of one session along the script; times are monotonic seconds."""

    def __init__(self, profile: Profile, position_s: float, *, now_s: float) -> None:
        self._profile = profile
        self.position_s = position_s
        """Everything before it has come back."""
        self.progress_at_s = now_s
        """When it last grew because of speech."""
        self._quiet_s = PAUSE_S
        self._quiet_from_s = position_s
        self._unconfirmed_s: float | None = None

    @property
    def certain_s(self) -> float:
        """The position without a guess: a word that ended a little early counts as unheard until
        the next one has begun."""
        return self.position_s if self._unconfirmed_s is None else self._unconfirmed_s

    def sound(self, duration_s: float, *, loud: bool, sent_s: float, now_s: float) -> None:
        """Take sound that came back; ``sent_s`` is the position up to which speech was sent."""
        was_quiet = self._quiet_s >= PAUSE_S
        if not loud and self._quiet_s == 0.0:
            self._quiet_from_s = self.position_s
        self._quiet_s = 0.0 if loud else self._quiet_s + duration_s
        if loud:
            if was_quiet:
                self.position_s = self._onset(sent_s)
                self._unconfirmed_s = None
            if self.position_s < sent_s:
                self.position_s = min(self.position_s + duration_s, sent_s)
                self.progress_at_s = now_s
        elif self._quiet_s < PAUSE_S:
            self.position_s = min(self.position_s + duration_s, sent_s)
        else:
            if not was_quiet:
                self._pause()
            due = self._profile.next_loud(self.position_s)
            limit = sent_s if due is None else min(sent_s, due)
            self.position_s = max(self.position_s, min(self.position_s + duration_s, limit))

    def _pause(self) -> None:
        """A pause has begun: in mid-word speech stands still, unless only a last bit is missing."""
        run = self._profile.run_at(self._quiet_from_s)
        if run is None:
            return
        rest_s = run[1] - self._quiet_from_s
        self.position_s = run[1] if rest_s <= _SHORT_S else self._quiet_from_s
        if rest_s <= _SHORT_S:
            self._unconfirmed_s = self._quiet_from_s

    def owes(self, until_s: float, *, end_s: float) -> bool:
        """Whether speech before ``until_s`` has not come back yet.

        The last bit of the last word before ``end_s``, where the speech ends, does not count
        once it is quiet.
        """
        due = self._profile.next_loud(self.position_s)
        if due is None or due >= until_s - _EPSILON_S:
            return False
        run = self._profile.run_at(self.position_s)
        begun = run is not None and run[0] < self.position_s - _EPSILON_S
        crumb = begun and self._profile.loud_s(due, end_s) < CRUMB_S
        return not (crumb and self._quiet_s >= PAUSE_S)

    def skip_to(self, position_s: float, *, now_s: float) -> None:
        """Expect nothing before ``position_s`` any more."""
        self.position_s = max(self.position_s, position_s)
        self.progress_at_s = now_s
        self._quiet_s = PAUSE_S
        self._unconfirmed_s = None

    def _onset(self, sent_s: float) -> float:
        """Where a burst of sound that begins now has its place in the script."""
        run = self._profile.run_at(self.position_s)
        if run is not None:
            return run[0] if self.position_s - run[0] < _SNAP_BACK_S else self.position_s
        due = self._profile.next_loud(self.position_s)
        return self.position_s if due is None or due > sent_s else due
