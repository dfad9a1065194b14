"""How far a session's sound has come back, found from the sound alone.

Services send sound all the time: silence before, between and after speech, and silence in the
place of speech that failed. What comes back is therefore laid along the pauses of what was sent:
silence advances through a pause and stops where speech is due; a new burst of sound begins where
the script's next one does. So silence that a service inserts or leaves out, and sound that a
network loses, do not add up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vision_agents.core.avatars.provider.policy import (
    CRUMB_LEAST_S,
    CRUMB_MOST_S,
    CRUMB_SHARE,
    LOSSY_CRUMB_MOST_S,
    LOSSY_CRUMB_SHARES,
    LOSSY_FROM_SHARE,
    PAUSE_S,
)

if TYPE_CHECKING:
    from vision_agents.core.avatars.provider.levels import Profile

_SNAP_BACK_S = 0.15  # a word that lasted this much longer than in the script ran into the next
_SHORT_S = 0.08  # a word may end this much early: packets get lost, codecs and filters trim
_LOST_END_S = 0.2  # so may one that a pause follows which lasts as long as the script's own
_LIKE_S = 0.05  # two pauses are alike when they differ by less
_EPSILON_S = 1e-6


class Echo:
    """Follows the sound of one session along the script; times are monotonic seconds."""

    def __init__(self, profile: Profile, position_s: float, *, now_s: float) -> None:
        self._profile = profile
        self.position_s = position_s
        """Everything before it has come back."""
        self.progress_at_s = now_s
        """When it last grew because of speech."""
        self.quiet_s = PAUSE_S
        """For how long silence has come; 0 while speech does."""
        self._quiet_from_s = self._burst_from_s = position_s
        self._unconfirmed_s: float | None = None
        self._heard_s = 0.0
        self._lost_s = 0.0

    @property
    def certain_s(self) -> float:
        """The position without a guess: a word that ended a little early counts as unheard until
        the next one has begun."""
        return self.position_s if self._unconfirmed_s is None else self._unconfirmed_s

    def sound(self, duration_s: float, *, loud: bool, sent_s: float, now_s: float) -> None:
        """Take sound that came back; ``sent_s`` is the position up to which speech was sent."""
        was_quiet_s = self.quiet_s
        if not loud and was_quiet_s == 0.0:
            self._quiet_from_s = self.position_s
        self.quiet_s = 0.0 if loud else was_quiet_s + duration_s
        if loud:
            if was_quiet_s >= PAUSE_S:
                self.position_s = self._burst_from_s = self._onset(sent_s, was_quiet_s)
                self._unconfirmed_s = None
            if self.position_s < sent_s:
                self.position_s = min(self.position_s + duration_s, sent_s)
                self.progress_at_s = now_s
                self._heard_s += duration_s
        elif self.quiet_s < PAUSE_S:
            self.position_s = min(self.position_s + duration_s, sent_s)
        else:
            if was_quiet_s < PAUSE_S:
                self._pause()
            due = self._profile.next_loud(self.position_s)
            limit = sent_s if due is None else min(sent_s, due)
            self.position_s = max(self.position_s, min(self.position_s + duration_s, limit))

    def owes(self, until_s: float) -> bool:
        """Whether speech before ``until_s`` has not come back yet."""
        due = self._profile.next_loud(self.position_s)
        return due is not None and due < until_s - _EPSILON_S

    def let_go(self, start_s: float, end_s: float) -> None:
        """The speech from ``start_s`` ends at ``end_s`` and silence has come for long: a rest as
        short as this network has been seen to lose is not waited for any more."""
        run = self._profile.run_at(self.position_s)
        begun = run is not None and run[0] < self.position_s - _EPSILON_S
        rest_s = self._profile.loud_s(self.position_s, end_s)
        if begun and rest_s <= self._crumb_s(end_s - start_s):
            self._lost_s += rest_s
            self.position_s = end_s

    def skip_to(self, position_s: float, *, now_s: float) -> None:
        """Expect nothing before ``position_s`` any more."""
        self.position_s = max(self.position_s, position_s)
        self.progress_at_s = now_s
        self.quiet_s = PAUSE_S
        self._unconfirmed_s = None

    def restart(self, position_s: float, *, now_s: float) -> None:
        """Follow the script from ``position_s`` on; what was learnt of the network stays."""
        self.position_s = self._quiet_from_s = self._burst_from_s = position_s
        self.skip_to(position_s, now_s=now_s)

    def _crumb_s(self, speech_s: float) -> float:
        share = self._lost_s / max(self._heard_s + self._lost_s, _EPSILON_S)
        if share < LOSSY_FROM_SHARE:
            return CRUMB_LEAST_S
        usual_s = min(max(CRUMB_SHARE * speech_s, CRUMB_LEAST_S), CRUMB_MOST_S)
        return max(usual_s, min(LOSSY_CRUMB_SHARES * share * speech_s, LOSSY_CRUMB_MOST_S))

    def _pause(self) -> None:
        """A pause has begun: in mid-word speech stands still, unless only a last bit is missing."""
        run = self._profile.run_at(self._quiet_from_s)
        if run is None:
            return
        rest_s = run[1] - self._quiet_from_s
        self.position_s = run[1] if rest_s <= _SHORT_S else self._quiet_from_s
        if rest_s <= _SHORT_S:
            self._unconfirmed_s = self._quiet_from_s
            self._lost_s += rest_s

    def _onset(self, sent_s: float, quiet_s: float) -> float:
        """Where a burst of sound that begins now has its place in the script."""
        run = self._profile.run_at(self.position_s)
        if run is None:
            due = self._profile.next_loud(self.position_s)
            return self.position_s if due is None or due > sent_s else due
        into_s = self.position_s - run[0]
        ran_over = self._burst_from_s < run[0] - _EPSILON_S  # from the word before into this one
        if into_s < _EPSILON_S or (ran_over and into_s < _SNAP_BACK_S):
            return run[0]
        following = self._profile.next_loud(run[1])
        rest_s = run[1] - self.position_s
        if following is None or following >= sent_s or rest_s > _LOST_END_S:
            return self.position_s
        if abs(quiet_s - (following - run[1])) <= _LIKE_S:
            self._lost_s += rest_s
            return following
        return self.position_s
