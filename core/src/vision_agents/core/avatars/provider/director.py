"""Who has the floor: one session, its successor, or the plain voice. Pure: time is an argument.

One mouth *plays*: its media go out. One is *fed*: it gets the speech that arrives. They are the
same but for the moments of a hand-over, in which the script is divided at a border: the old mouth
speaks up to it, the new one from it on, and what the new one says too early is held. Renewals,
the return from the voice to the face and recoveries are all this one hand-over.

Nothing here ever leaves speech without a mouth: when a session goes, the voice has the floor.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from vision_agents.core.avatars.provider.mouth import Mouth, Stuck, Voice
from vision_agents.core.avatars.provider.policy import (
    HANDOVER_MARGIN_S,
    HANDOVER_WORTH_S,
    REPEAT_S,
    RESUME_REACH_S,
    START_PATIENCE_S,
    TICK_S,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vision_agents.core.avatars.provider.script import Line, Piece, Script

_FORGIVEN_AFTER_S = 10.0  # a session that falls silent twice within this is given up
_EPSILON_S = 1e-6
_SETTLE_S = 0.2  # the last pause before a border is not waited for longer than this


class What(Enum):
    """What :meth:`Director.plan` has decided about a session."""

    RELEASED = "released"  # its successor speaks now: disconnect it
    DOUBTED = "doubted"  # it fell silent in mid-utterance, the voice speaks on
    STALLED = "stalled"  # it owes speech and is given up: disconnect it
    BLIND = "blind"  # it speaks without a picture: replace it


@dataclass(frozen=True, slots=True)
class Decision:
    """Something for the shell to carry out."""

    what: What
    mouth: Mouth
    reason: str = ""


class Verdict(Enum):
    """What becomes of media that a session delivers."""

    PLAY = "play"
    HOLD = "hold"
    DROP = "drop"


class Director:
    """Divides the script among the mouths."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.voice = Voice()
        self.playing: Mouth | Voice | None = None
        """``None`` only while the first session is being opened."""
        self.feeding: Mouth | Voice | None = None
        self.coming: Mouth | None = None
        """A session that is ready and waits for a border to take over at."""
        self._doubted: Mouth | None = None
        self._since_s = -math.inf  # since when the playing mouth has the floor
        self._failed_at_s = -math.inf  # when a session last fell silent: be careful for a while
        self._blind: Mouth | None = None
        self._high_s = 0.0  # how far the script has been heard; a repetition is behind it
        self._ended_s = 0.0  # the end of the last utterance that has been told as spoken

    @property
    def spoken_s(self) -> float:
        """Everything before it has been spoken, or is not to be spoken any more."""
        return self.voice.position_s if self.playing is None else self.playing.position_s

    @property
    def unspoken(self) -> bool:
        """Whether anything audible is still to be spoken."""
        return self.script.profile.next_loud(self.spoken_s) is not None

    # --------------------------------------------------------------------------- what happens
    def ready(self, mouth: Mouth) -> None:
        """A session can take speech."""
        self.coming = mouth

    def gone(self, mouth: Mouth, *, now_s: float) -> None:
        """A session was lost or is being ended; the voice, or whoever is left, goes on."""
        if mouth is self.coming:
            self.coming = None
        if mouth is self._doubted:
            self._doubted = None
        if mouth is self.playing:
            self._voice_from(self._resume_point(mouth), mouth.until_s, now_s)
        elif mouth is self.feeding and self.playing is not None:
            self.feeding = self.playing
            self.playing.until_s = math.inf

    def without_sessions(self, *, now_s: float) -> None:
        """No session is to be had for now: the voice has the floor."""
        if self.playing is None:
            self._voice_from(self.voice.position_s, math.inf, now_s)

    def cut(self, *, now_s: float) -> list[Decision]:
        """Barge-in: nothing that has arrived is spoken any more."""
        decisions = []
        for mouth in (self.playing, self.feeding):
            if isinstance(mouth, Mouth):  # the second cut of the same one finds nothing
                mouth.cut(now_s=now_s)
        self.script.cut()
        self.voice.position_s = self._high_s = self._ended_s = self.script.end_s
        self.voice.until_s = math.inf
        if self.feeding is not self.playing:
            if isinstance(self.playing, Mouth):
                decisions.append(Decision(What.RELEASED, self.playing))
            self._give_floor(now_s)
        return decisions

    def plan(self, now_s: float) -> list[Decision]:
        """Look at everything that time changes; call it about every 50 ms and after events."""
        decisions: list[Decision] = []
        if self.playing is None:
            self._lose_patience(now_s)
        if isinstance(self.playing, Mouth):
            self.playing.settle(now_s)
        self._hand_over(now_s, decisions)
        self._arrange(now_s)
        self._hand_over(now_s, decisions)
        self._examine(now_s, decisions)
        self.script.forget(self.spoken_s)
        return decisions

    # ------------------------------------------------------------------------------- questions
    def played(self, position_s: float) -> Line | None:
        """Sound up to ``position_s`` goes out; the utterance that it speaks, if anybody's."""
        if position_s <= self._high_s + _EPSILON_S:
            return None
        self._high_s = position_s
        return self.script.line_before(position_s)

    def finished_lines(self, now_s: float) -> Iterator[Line]:
        """Complete utterances of which nothing more will be spoken, each once, in order."""
        for line in self.script.lines_after(self._ended_s):
            if not line.complete or not self._is_spoken(line, now_s):
                return
            self._ended_s = line.end_s
            yield line

    def _is_spoken(self, line: Line, now_s: float) -> bool:
        if self._high_s >= line.end_s - _EPSILON_S:
            return True
        return isinstance(self.playing, Mouth) and self._nothing_follows(
            self.playing, line.end_s, now_s
        )

    def may_feed(self, mouth: Mouth) -> bool:
        """Whether ``mouth`` gets speech now; one whose turn comes later waits for it."""
        if mouth is self.playing:
            return True
        if mouth is not self.feeding or self.playing is None:
            return mouth is self.feeding
        rest_s = self.playing.until_s - self.playing.position_s
        return rest_s <= mouth.latency_s + TICK_S

    def verdict(self, mouth: Mouth) -> Verdict:
        if mouth is self.playing:
            return Verdict.PLAY
        return Verdict.HOLD if mouth is self.feeding else Verdict.DROP

    def next_for_voice(self) -> Piece | None:
        """What the voice is to speak now."""
        if self.playing is not self.voice:
            return None
        return self.script.read(self.voice.position_s, self.voice.until_s)

    # ------------------------------------------------------------------------------- the floor
    def _lose_patience(self, now_s: float) -> None:
        line = self.script.line_at(self.voice.position_s)
        if line is not None and now_s - line.arrived_s >= START_PATIENCE_S:
            self.without_sessions(now_s=now_s)

    def _voice_from(self, position_s: float, until_s: float, now_s: float) -> None:
        """The voice takes the floor; a hand-over that is under way keeps its border."""
        pending = self.feeding is not self.playing and isinstance(self.feeding, Mouth)
        self.voice.position_s = position_s
        self.voice.until_s = until_s if pending else math.inf
        self.playing = self.voice
        if not pending:
            self.feeding = self.voice
        self._since_s = now_s

    def _give_floor(self, now_s: float) -> None:
        self.playing = self.feeding
        self._since_s = now_s

    def _hand_over(self, now_s: float, decisions: list[Decision]) -> None:
        old = self.playing
        if self.feeding is old or not self._at_border(old, now_s):
            return
        self._give_floor(now_s)
        if isinstance(old, Mouth):
            decisions.append(Decision(What.RELEASED, old))

    def _at_border(self, old: Mouth | Voice | None, now_s: float) -> bool:
        if old is None or old.position_s >= old.until_s - _EPSILON_S:
            return True
        return isinstance(old, Mouth) and self._nothing_follows(old, old.until_s, now_s)

    def _nothing_follows(self, mouth: Mouth, until_s: float, now_s: float) -> bool:
        """Whether only a last pause, or what got lost of a last sound, is missing.

        Neither is waited for. The voice has none: what it speaks is the script itself.
        """
        return (
            mouth.sent_s >= until_s - _EPSILON_S
            and not mouth.owes(until_s)
            and now_s - mouth.echo.progress_at_s > _SETTLE_S
        )

    def _arrange(self, now_s: float) -> None:
        """Fix the border at which the coming session takes over."""
        coming = self.coming
        if coming is None or self.feeding is not self.playing or not coming.gate.is_open(now_s):
            return
        border = self._border(coming, now_s)
        if border is None:
            return
        coming.begin(border, now_s=now_s)
        if self.playing is not None:
            self.playing.until_s = border
        self.feeding = coming
        self.coming = None

    def _border(self, coming: Mouth, now_s: float) -> float | None:
        playing = self.playing
        if playing is None:
            return self.voice.position_s
        earliest_s = playing.position_s + coming.latency_s + HANDOVER_MARGIN_S
        if isinstance(playing, Voice):
            line = self.script.line_before(playing.position_s)
            if playing.position_s >= self.script.end_s - _EPSILON_S:
                return self.script.end_s if line is None or line.complete else None
            burnt = now_s - self._failed_at_s < _FORGIVEN_AFTER_S
            return self._line_end(earliest_s) if burnt else self._opening(earliest_s)
        border = self._line_border(playing)
        if border is not None and now_s + border - playing.position_s < playing.force_at_s:
            return border
        if now_s < playing.force_at_s:
            return None
        return self._opening(earliest_s) or min(earliest_s, self.script.end_s)

    def _line_border(self, playing: Mouth) -> float | None:
        """The end of the utterance that ``playing`` is being fed, or has just been."""
        line = self.script.line_before(playing.sent_s)
        if line is None:
            return playing.sent_s
        return line.end_s if line.complete else None

    def _opening(self, earliest_s: float) -> float | None:
        """The first end of an utterance or pause between words from ``earliest_s`` on."""
        pause, end = self.script.profile.pause_after(earliest_s), self._line_end(earliest_s)
        if pause is None or (end is not None and pause > end - HANDOVER_WORTH_S):
            return end
        return pause

    def _line_end(self, earliest_s: float) -> float | None:
        """The end of the utterance spoken at ``earliest_s``, where it is known."""
        line = self.script.line_at(earliest_s)
        return line.end_s if line is not None and line.complete else None

    # ------------------------------------------------------------------------- what goes wrong
    def _examine(self, now_s: float, decisions: list[Decision]) -> None:
        if self._doubted is not None:
            self._examine_doubted(self._doubted, now_s, decisions)
        playing = self.playing
        if not isinstance(playing, Mouth):
            return
        stuck = playing.stuck(now_s, since_s=self._since_s)
        if stuck is not None:
            self._take_floor_from(playing, stuck, now_s, decisions)
        elif playing is not self._blind and playing.blind(now_s, since_s=self._since_s):
            self._blind = playing
            playing.force_at_s = now_s
            decisions.append(Decision(What.BLIND, playing, "speech without a picture"))

    def _examine_doubted(self, mouth: Mouth, now_s: float, decisions: list[Decision]) -> None:
        """Take a session back that turned out to live, or give it up."""
        alive = mouth.alive_after_doubt(now_s)
        if alive is None:
            return
        self._doubted = None
        if not alive:
            decisions.append(Decision(What.STALLED, mouth, Stuck.MIDWAY.value))
        elif self.coming is None and self.feeding is self.playing is self.voice:
            self.coming = mouth
        else:  # it has a successor already
            decisions.append(Decision(What.RELEASED, mouth))

    def _take_floor_from(
        self, mouth: Mouth, stuck: Stuck, now_s: float, decisions: list[Decision]
    ) -> None:
        again = now_s - mouth.doubted_at_s < _FORGIVEN_AFTER_S
        self._failed_at_s = now_s
        if stuck is Stuck.AT_START or again or self.coming is not None:
            self.gone(mouth, now_s=now_s)
            decisions.append(Decision(What.STALLED, mouth, stuck.value))
            return
        self._voice_from(self._resume_point(mouth), mouth.until_s, now_s)
        mouth.doubt(now_s)
        self._doubted = mouth
        decisions.append(Decision(What.DOUBTED, mouth, stuck.value))

    def _resume_point(self, mouth: Mouth) -> float:
        """Where another goes on: at a pause shortly before, else a sound's length before.

        The last bit of an utterance whose end is past is let go: it would come like an echo.
        """
        profile = self.script.profile
        position_s = min(mouth.position_s, mouth.until_s)
        certain_s = min(mouth.echo.certain_s, position_s)
        if self.script.line_at(certain_s) is self.script.line_at(position_s):
            position_s = certain_s
        if not profile.loud_at(position_s):
            return position_s
        line = self.script.line_at(position_s)
        earliest_s = position_s if line is None else line.start_s
        pause = profile.pause_before(position_s, reach_s=RESUME_REACH_S)
        return max(earliest_s, position_s - REPEAT_S if pause is None else pause)
