"""Which utterance is being heard, how far, and how it ended: each told exactly once.

``UtteranceTracker`` is pure: it is told what was sent towards the listener and what left, with the
time of each, and answers with events. ``Playback`` is its shell on an audio stream.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vision_agents.core.media.playback_events import (
    Cleared,
    Finished,
    MarkPlayed,
    PlaybackEvent,
    ProviderMark,
    Started,
    UtteranceFinished,
    UtteranceStarted,
)

if TYPE_CHECKING:
    from vision_agents.core.media.chunks import Mark
    from vision_agents.core.media.fifo import Span

__all__ = ["UtteranceTracker"]

END_TOLERANCE_S = 0.06
"""A returned utterance may be this much shorter than the sent one: codecs and filters trim."""
QUIET_END_S = 0.1
"""Quiet for this long after its last loud sound, an utterance is over."""
WATCHDOG_S = 10.0
"""Nothing heard of a complete utterance for this long: it will not come any more."""


@dataclass(slots=True)
class _Utterance:
    utterance_id: int
    exact: bool
    marks: deque[Mark] = field(default_factory=deque)
    sent_s: float = 0.0
    loud_from_s: float | None = None  # the first and the last loud moment of what was sent
    loud_until_s: float = 0.0
    complete: bool = False
    cut: bool = False  # its unsent rest was dropped on the way in
    started: bool = False
    passed_s: float = 0.0  # position, whether anybody listened or not
    heard_s: float = 0.0
    quiet_s: float = 0.0
    touched_s: float = 0.0  # when something last happened to it: the watchdog's clock


class UtteranceTracker:
    """Accounts what was heard against what was sent, utterance by utterance.

    Three ways of knowing. Where the sound that leaves is the very sound that was sent (its spans
    carry ends), positions are exact. Where it is another's but *tagged*, each span names the
    utterance it speaks, and an end says that it has been spoken. Else the first loud sound starts
    the oldest utterance owed, and the position is the sound released since.
    Every method takes the monotonic time and returns the events it caused, in order.
    """

    def __init__(self, watchdog_s: float = WATCHDOG_S) -> None:
        self._watchdog_s = watchdog_s
        self.tagged = False
        """What leaves says itself what it speaks; an utterance 0 cannot be told from silence."""
        self._owed: deque[_Utterance] = deque()
        self._open: _Utterance | None = None  # takes what is being sent
        self._ended_early: int | None = None  # over, though more of it may be sent
        self._heard: dict[int, float] = {}  # of finished utterances, newest last

    @property
    def current(self) -> int | None:
        """The utterance being heard or, before its first sound, the next one owed."""
        return self._owed[0].utterance_id if self._owed else None

    @property
    def owed_s(self) -> float:
        """Seconds sent and not yet played."""
        return sum(u.sent_s - u.passed_s for u in self._owed)

    @property
    def speaking(self) -> bool:
        """Whether an utterance has started and not finished."""
        return bool(self._owed) and self._owed[0].started

    def owes(self, utterance_id: int) -> bool:
        """Whether the utterance was sent and is not over."""
        return any(u.utterance_id == utterance_id for u in self._owed)

    def heard_s(self, utterance_id: int) -> float:
        """Seconds heard of it: final for a finished one, 0 for an unknown one."""
        for utterance in self._owed:
            if utterance.utterance_id == utterance_id:
                return utterance.heard_s
        return self._heard.get(utterance_id, 0.0)

    # --------------------------------------------------------------- what was sent
    def sent(
        self,
        utterance_id: int,
        duration_s: float,
        now_s: float,
        *,
        marks: Iterable[Mark] = (),
        final: bool = False,
        loud: tuple[float, float] | None = None,
        exact: bool = False,
    ) -> list[PlaybackEvent]:
        """A chunk was sent. ``loud`` is where in it, in seconds, sound is first and last loud."""
        utterance = self._open
        if utterance is not None and utterance.utterance_id != utterance_id:
            utterance.complete, utterance = True, None
        if utterance is None:
            if utterance_id == self._ended_early:  # the provider said that this will not be heard
                self._ended_early = None if final else utterance_id
                return []
            self._ended_early = None
            if final and not duration_s and self._ended_already(utterance_id):
                return []
            utterance = _Utterance(utterance_id, exact)
            self._owed.append(utterance)
            self._heard.pop(utterance_id, None)
        utterance.marks.extend(mark.shifted(utterance.sent_s) for mark in marks)
        if loud is not None:
            if utterance.loud_from_s is None:
                utterance.loud_from_s = utterance.sent_s + loud[0]
            utterance.loud_until_s = utterance.sent_s + loud[1]
        utterance.sent_s += duration_s
        utterance.touched_s = now_s
        utterance.complete = utterance.complete or final
        self._open = None if final else utterance
        return self._settle(now_s)

    def _knows_tags(self, utterance: _Utterance) -> bool:
        return self.tagged and utterance.utterance_id != 0

    def _ended_already(self, utterance_id: int) -> bool:
        return self.owes(utterance_id) or utterance_id in self._heard

    def cut(self, now_s: float) -> None:
        """What was sent but not forwarded was dropped: the utterances owed end where they are."""
        for utterance in self._owed:
            utterance.cut = utterance.complete = True
            utterance.touched_s = now_s
        self._open = self._ended_early = None

    # ---------------------------------------------------------------- what was heard
    def played(
        self, spans: Iterable[Span], loud: bool, at_s: float, *, heard: bool = True
    ) -> list[PlaybackEvent]:
        """Sound left at ``at_s``; ``loud`` says whether any of it was. Not ``heard``: nobody
        listened, and it was thrown away in its time."""
        if self._owed and self._knows_tags(self._owed[0]):
            return self._played_tagged(spans, loud, at_s, heard)
        events: list[PlaybackEvent] = []
        for span in spans:
            if not self._owed:
                break
            utterance = self._owed[0]
            if not utterance.started:
                if not (utterance.exact and span.duration_s) and not (loud and utterance.sent_s):
                    self._finish_by_end(span, events, at_s)
                    continue
                self._start(utterance, events, at_s)
            _pass(utterance, span.duration_s, heard)
            utterance.touched_s = at_s
            utterance.quiet_s = 0.0 if loud else utterance.quiet_s + span.duration_s
            self._play_marks(utterance, events, at_s)
            self._finish_by_end(span, events, at_s)
            at_s += span.duration_s
        return events + self._settle(at_s)

    def _played_tagged(
        self, spans: Iterable[Span], loud: bool, at_s: float, heard: bool
    ) -> list[PlaybackEvent]:
        events: list[PlaybackEvent] = []
        for span in spans:
            while self._owed and self._owed[0].utterance_id != span.utterance_id:
                if not span.utterance_id or not self.owes(span.utterance_id):
                    break
                self._finish(self._owed[0], "timeout", events, at_s)  # it was passed over
            if not self._owed or self._owed[0].utterance_id != span.utterance_id:
                continue
            utterance = self._owed[0]
            if not utterance.started and loud and span.duration_s:
                self._start(utterance, events, at_s)
            if utterance.started:
                _pass(utterance, span.duration_s, heard)
                self._play_marks(utterance, events, at_s)
            utterance.touched_s = at_s
            if span.final:
                self._finish(utterance, "played", events, at_s)
            at_s += span.duration_s
        return events + self._settle(at_s)

    def silent(self, duration_s: float, at_s: float) -> list[PlaybackEvent]:
        """Silence of the engine's own left instead of sound."""
        if self._owed and self._owed[0].started:
            self._owed[0].quiet_s += duration_s
        return self._settle(at_s)

    def _start(self, utterance: _Utterance, events: list[PlaybackEvent], at_s: float) -> None:
        utterance.started = True
        if not utterance.exact:  # quiet sound before the first loud one was not recognised
            utterance.passed_s = utterance.heard_s = utterance.loud_from_s or 0.0
        events.append(UtteranceStarted(utterance.utterance_id, at_s))

    def _play_marks(self, utterance: _Utterance, events: list[PlaybackEvent], at_s: float) -> None:
        while utterance.marks and utterance.marks[0].at_s < utterance.passed_s:
            events.append(MarkPlayed(utterance.utterance_id, utterance.marks.popleft(), at_s))

    def _finish_by_end(self, span: Span, events: list[PlaybackEvent], at_s: float) -> None:
        if span.final and self._owed and self._owed[0].exact:
            self._finish(self._owed[0], "played", events, at_s)

    # ------------------------------------------------------------------- how it ends
    def flushed(self, at_s: float, unheard_s: float = 0.0) -> list[PlaybackEvent]:
        """All that was owed was thrown away, and the last ``unheard_s`` of what had passed."""
        if self._owed:
            passing = self._owed[0]
            passing.passed_s = max(0.0, passing.passed_s - unheard_s)
            passing.heard_s = max(0.0, passing.heard_s - unheard_s)
        return self._end_all("flushed", at_s)

    def closed(self, at_s: float) -> list[PlaybackEvent]:
        """Nothing will be heard any more."""
        return self._end_all("closed", at_s)

    def _end_all(self, reason: str, at_s: float) -> list[PlaybackEvent]:
        events: list[PlaybackEvent] = []
        self._open = self._ended_early = None
        while self._owed:
            self._finish(self._owed[0], reason, events, at_s)
        return events

    def report(self, mark: ProviderMark, at_s: float) -> list[PlaybackEvent]:
        """A hint from the provider; it decides only where our own count cannot."""
        if isinstance(mark, Started):
            return []
        for utterance in self._owed:
            if utterance.utterance_id == mark.utterance_id:
                utterance.complete = True
                if isinstance(mark, Cleared) or mark.interrupted:
                    utterance.cut = True
                if isinstance(mark, Finished) and mark.position_s is not None:
                    utterance.loud_until_s = min(utterance.loud_until_s, mark.position_s)
        return self._settle(at_s)

    def tick(self, now_s: float) -> list[PlaybackEvent]:
        """Let the watchdog look at the clock."""
        return self._settle(now_s)

    def _settle(self, now_s: float) -> list[PlaybackEvent]:
        """Finish what is over."""
        events: list[PlaybackEvent] = []
        while self._owed and (reason := self._over(self._owed[0], now_s)):
            self._finish(self._owed[0], reason, events, now_s)
        return events

    def _over(self, utterance: _Utterance, now_s: float) -> str:
        if not utterance.complete:
            return ""
        if not utterance.sent_s:
            return "" if utterance.exact else "played"
        if now_s - utterance.touched_s > self._watchdog_s:
            return "timeout"
        if utterance.exact or (self._knows_tags(utterance) and not utterance.cut):
            return ""
        if utterance.loud_from_s is None and not utterance.cut:  # nothing to hear in it at all
            return "played"
        quiet = utterance.quiet_s >= QUIET_END_S
        if utterance.cut:
            return "flushed" if quiet or not utterance.started else ""
        last_s = utterance.loud_until_s - END_TOLERANCE_S
        at_end = utterance.passed_s >= utterance.sent_s - 1e-6
        return "played" if at_end or (quiet and utterance.passed_s >= last_s) else ""

    def _finish(
        self, utterance: _Utterance, reason: str, events: list[PlaybackEvent], at_s: float
    ) -> None:
        self._owed.popleft()
        if self._owed:  # its turn begins now: until here it waited for the one before
            self._owed[0].touched_s = max(self._owed[0].touched_s, at_s)
        if self._open is utterance:
            self._open, self._ended_early = None, utterance.utterance_id
        played = reason == "played"
        if played and not utterance.exact and utterance.started:
            # The rest was silence, or was trimmed off: whoever heard all so far heard it all.
            if utterance.heard_s >= utterance.passed_s:
                utterance.heard_s = utterance.sent_s
            utterance.passed_s = utterance.sent_s
            self._play_marks(utterance, events, at_s)
        self._heard[utterance.utterance_id] = utterance.heard_s
        while len(self._heard) > 256:
            del self._heard[next(iter(self._heard))]
        events.append(
            UtteranceFinished(
                utterance.utterance_id,
                utterance.heard_s,
                utterance.sent_s,
                not played,
                reason,
                at_s,
            )
        )


def _pass(utterance: _Utterance, duration_s: float, heard: bool) -> None:
    """Move the position on."""
    before_s = utterance.passed_s
    utterance.passed_s = min(before_s + duration_s, utterance.sent_s)
    if heard:
        utterance.heard_s += utterance.passed_s - before_s
