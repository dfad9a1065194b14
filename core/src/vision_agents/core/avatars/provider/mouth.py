"""The two things that can speak: a session at the service, and the plain voice. Both pure."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from vision_agents.core.avatars.provider.chunking import Chunker, Pacer
from vision_agents.core.avatars.provider.echo import Echo
from vision_agents.core.avatars.provider.gate import Gate
from vision_agents.core.avatars.provider.orders import (
    Attend,
    End,
    Interrupt,
    KeepAlive,
    Order,
    Send,
)
from vision_agents.core.avatars.provider.policy import (
    ALIVE_WITHIN_S,
    BRIDGE_AFTER_S,
    CUT_AFTER_S,
    CUT_BEFORE_S,
    FIRST_LATENCY_S,
    HANDOVER_MARGIN_S,
    MAX_UNSPOKEN_S,
    NEGLECTED_S,
    SILENCE_ENDS_S,
    TICK_S,
    WINDOW_S,
)

if TYPE_CHECKING:
    from vision_agents.core.avatars.provider.script import Line, Script
    from vision_agents.core.avatars.provider.session import Limits
    from vision_agents.core.plugin.records import Capabilities

_EPSILON_S = 1e-6


class Stuck(Enum):
    """Where speech that is owed has stopped coming back."""

    AT_START = "no sound for an utterance"
    MIDWAY = "silence in mid-utterance"


@dataclass(slots=True)
class Voice:
    """Speech without a face: it is spoken as soon as it is handed out."""

    position_s: float = 0.0
    until_s: float = math.inf


@dataclass(frozen=True, slots=True)
class Span:
    """What one of the session's utterance numbers stands for on the script."""

    utterance_id: int
    start_s: float
    offset_s: float  # of its beginning inside the agent's utterance


class Mouth:
    """The pure side of one session: what to tell it next, and how far it has come back.

    Times are monotonic seconds, positions are seconds of the script.
    """

    def __init__(
        self,
        script: Script,
        capabilities: Capabilities,
        limits: Limits,
        *,
        latency_s: float | None,
        now_s: float,
    ) -> None:
        self.measured_latency_s = latency_s
        """From a first chunk sent to its sound back; ``None`` before that was seen."""
        self.gate = Gate(capabilities.clear_timeout_s)
        self.echo = Echo(script.profile, script.end_s, now_s=now_s)
        self.until_s = math.inf
        """The position at which another mouth goes on."""
        self.force_at_s = math.inf
        """From then on a successor takes over in mid-utterance too: its own end is near."""
        self.sent_s = script.end_s
        self.heard_at_s = now_s
        """When any sound came last, silence included."""
        self.seen_at_s: float | None = None
        """When a picture came last."""
        self.doubted_at_s = -math.inf
        self._script = script
        self._stall_timeout_s = capabilities.stall_timeout_s
        self._keep_alive_s = _keep_alive_s(capabilities, limits)
        self._chunker = Chunker(capabilities)
        self._pacer = Pacer(capabilities.max_lead_s)
        self._cursor_s = script.end_s  # how far the script was read; beyond what was sent
        self._fresh_s = script.end_s  # nothing before it was sent since the last cut
        self._line: Line | None = None
        self._open = False  # an utterance was begun and not ended
        self._number = 0
        self._spans: dict[int, Span] = {}
        self._sendings: list[tuple[float, float]] = []  # (sent_s after it, when)
        self._untold = False
        self._attend: bool | None = None
        self._called_at_s = now_s
        self._busy = False  # a call is under way
        self._awaiting: tuple[float, float] | None = None  # (position, when it was sent)

    @property
    def latency_s(self) -> float:
        """From a first chunk sent to its sound back: assumed at first, then as measured."""
        measured_s = self.measured_latency_s
        return FIRST_LATENCY_S if measured_s is None else measured_s

    @property
    def position_s(self) -> float:
        return self.echo.position_s

    def begin(self, position_s: float, *, now_s: float) -> None:
        """Speak from ``position_s`` on; nothing earlier is owed any more."""
        self._cursor_s = self.sent_s = self._fresh_s = position_s
        self.until_s = math.inf
        self.echo.restart(position_s, now_s=now_s)
        self._drop_utterance()

    def cut(self, *, now_s: float) -> bool:
        """Barge-in: whether the service holds speech, so that it must be told."""
        just_spoke = (
            now_s - self.echo.progress_at_s < ALIVE_WITHIN_S and self.sent_s > self._fresh_s
        )
        owed = self._open or self.position_s < self.sent_s - _EPSILON_S or just_spoke
        if owed:
            self._shut(now_s)
        self._drop_utterance()
        self._pacer.reset()
        self._awaiting = None
        self._cursor_s = self.sent_s = self._fresh_s = self._script.end_s
        self.until_s = math.inf
        self.echo.skip_to(self._script.end_s, now_s=now_s)
        return owed

    def _shut(self, now_s: float) -> None:
        """Close the gate on what is on its way, and have the service told."""
        self._untold = True
        near = (self.position_s - CUT_BEFORE_S, self.position_s + CUT_AFTER_S)
        expected_s = -math.inf
        if self._awaiting is not None:
            latency_s = self.measured_latency_s  # unknown: only the service or its time can tell
            expected_s = math.inf if latency_s is None else self._awaiting[1] + latency_s
            expected_s += HANDOVER_MARGIN_S
        self.gate.close(
            now_s,
            pause_s=self._script.profile.longest_pause_s(*near),
            expected_s=expected_s,
        )

    def attend(self, speaking: bool) -> None:
        self._attend = speaking

    # ------------------------------------------------------------------ what to tell the service
    def order(self, now_s: float, *, may_feed: bool) -> Order | float:
        """What to tell the service now, or when to ask again at the latest."""
        order = self._next(now_s, may_feed=may_feed)
        if not isinstance(order, float):
            self._called_at_s = now_s
            self._busy = True
        return order

    def done(self) -> None:
        """The service has taken the last order."""
        self._busy = False

    def told(self) -> None:
        """The service has taken an interrupt."""
        self.gate.told()

    @property
    def untold(self) -> bool:
        """Whether the service does not know of an interrupt yet."""
        return not self.gate.is_told

    def _next(self, now_s: float, *, may_feed: bool) -> Order | float:
        if self._untold:
            self._untold = False
            return Interrupt(self._number)
        if self._attend is not None:
            attend, self._attend = self._attend, None
            return Attend(attend)
        again_s = self._called_at_s + self._keep_alive_s
        if now_s >= again_s:
            return KeepAlive()
        if not self.gate.is_open(now_s):
            return min(again_s, self.gate.opens_at_s)
        if not may_feed:
            return again_s
        fed = self._feed(now_s)
        return min(again_s, fed) if isinstance(fed, float) else fed

    def _feed(self, now_s: float) -> Order | float:
        over = self._fill()
        if self._chunker.due(self._pacer.lead_s(now_s)):
            if self.sent_s - self.position_s > MAX_UNSPOKEN_S:
                return now_s + TICK_S
            due_s = self._pacer.due_at_s(now_s)
            return due_s if due_s > now_s else self._send(now_s)
        if over and self._open:
            number = self._number
            self._drop_utterance()
            self.sent_s = self._cursor_s
            return End(number)
        return math.inf

    def _fill(self) -> bool:
        """Read the script into the chunker; whether the utterance is over here."""
        while not self._chunker.full:
            piece = self._script.read(self._cursor_s, self.until_s)
            if piece is None or (self._line is not None and piece.line is not self._line):
                break
            self._line = piece.line
            self._chunker.push(piece.pcm)
            self._cursor_s = piece.end_s
        line = self._line
        if line is None:
            return False
        ended = line.complete and self._cursor_s >= line.end_s - _EPSILON_S
        if not ended and self._cursor_s < self.until_s - _EPSILON_S:
            return False
        self._chunker.finish()
        return True

    def _send(self, now_s: float) -> Send:
        if not self.owes():
            lead_in = (self._script.profile.next_loud(self.sent_s) or self.sent_s) - self.sent_s
            self._awaiting = (self.sent_s, now_s + lead_in)
        if not self._open:
            self._begin_utterance()
        pcm = self._chunker.take()
        self._pacer.sent(pcm.duration, now_s)
        self.sent_s = max(self.sent_s, self._cursor_s - self._chunker.pending_s)
        self._sendings.append((self.sent_s, now_s))
        self.gate.sent()
        return Send(pcm, self._number)

    def _begin_utterance(self) -> None:
        assert self._line is not None
        self._open = True
        self._number += 1
        offset = self.sent_s - self._line.start_s
        self._spans[self._number] = Span(self._line.utterance_id, self.sent_s, offset)
        self._spans.pop(self._number - 100, None)  # reports never come that late

    def _drop_utterance(self) -> None:
        self._open = False
        self._line = None
        self._chunker.reset()

    # ------------------------------------------------------------------------ what came back
    def sound(self, duration_s: float, *, loud: bool, now_s: float) -> bool:
        """Take sound from the service; whether it may be heard."""
        self.heard_at_s = now_s
        self.gate.sound(duration_s, loud=loud, now_s=now_s)
        if not self.gate.lets_through(now_s, loud=loud):
            return False
        if loud and self._awaiting is not None:
            self.measured_latency_s = max(0.0, now_s - self._awaiting[1])
            self._awaiting = None
        self.echo.sound(duration_s, loud=loud, sent_s=self.sent_s, now_s=now_s)
        return True

    def span(self, number: int) -> Span | None:
        """What ``number``, as given to ``send``, stands for."""
        return self._spans.get(number)

    def doubt(self, now_s: float) -> None:
        """It fell silent in mid-utterance and another speaks: whatever still comes is late."""
        self.doubted_at_s = now_s
        self._shut(now_s)
        self.begin(self._script.end_s, now_s=now_s)
        self._pacer.reset()

    def owes(self, until_s: float = math.inf) -> bool:
        """Whether speech that it was given, and that lies before ``until_s``, has not come back."""
        return self.echo.owes(min(until_s, self.sent_s))

    def settle(self, now_s: float) -> None:
        """Do not wait for the last bit of an utterance when silence comes in its place.

        Not while a call is under way: the service may not have that bit yet.
        """
        silent = self.echo.quiet_s >= SILENCE_ENDS_S and now_s - self.heard_at_s < ALIVE_WITHIN_S
        if not silent or self._busy or not self.owes():
            return
        line = self._script.line_at(self.position_s)
        if line is not None:
            self.echo.let_go(line.start_s, min(line.end_s, self.sent_s))

    def stuck(self, now_s: float, *, since_s: float) -> Stuck | None:
        """Whether owed speech has stopped coming back; ``since_s``: it has the floor since then."""
        due = self._script.profile.next_loud(self.position_s)
        line = None if due is None else self._script.line_at(due)
        if due is None or line is None:
            return None
        if self.owes():
            sent_at_s = self._sent_at(due)
            expected_s = sent_at_s + self.latency_s
        elif self._busy:  # speech is there, and a call that does not return holds it up
            sent_at_s = expected_s = self._called_at_s
        elif self._neglected(due):
            sent_at_s = expected_s = max(line.arrived_s, self._called_at_s, self.gate.opens_at_s)
            expected_s += self._stall_timeout_s
        else:
            return None
        from_s = max(self.echo.progress_at_s, since_s)
        if self._script.profile.loud_s(line.start_s, self.position_s) < WINDOW_S / 2:
            waited_s = now_s - max(from_s, sent_at_s)
            return Stuck.AT_START if waited_s > self._stall_timeout_s else None
        waited_s = now_s - max(from_s, expected_s)
        return Stuck.MIDWAY if waited_s > BRIDGE_AFTER_S else None

    def _neglected(self, due_s: float) -> bool:
        """Whether speech could have been sent for long: nothing should come to that, but the
        voice must not depend on it."""
        end_s = min(self.until_s, self._script.end_s)
        return due_s < end_s and end_s - self.sent_s > NEGLECTED_S

    def blind(self, now_s: float, *, since_s: float) -> bool:
        """Whether it speaks and shows no picture, after having shown some."""
        if self.seen_at_s is None or not self.owes():
            return False
        return now_s - max(self.seen_at_s, since_s) > self._stall_timeout_s

    def alive_after_doubt(self, now_s: float) -> bool | None:
        """Whether any sound comes again since :meth:`doubt`; ``None``: too early to say."""
        if now_s - self.doubted_at_s < BRIDGE_AFTER_S:
            return None
        if now_s - self.heard_at_s < ALIVE_WITHIN_S and not self.untold:
            return True
        waited_s = now_s - self.doubted_at_s
        return False if waited_s >= self._stall_timeout_s - BRIDGE_AFTER_S else None

    def _sent_at(self, position_s: float) -> float:
        index = bisect_right(self._sendings, (position_s + _EPSILON_S, math.inf))
        if index > 100:
            del self._sendings[: index - 1]
            index = 1
        return self._sendings[index][1] if index < len(self._sendings) else -math.inf


def _keep_alive_s(capabilities: Capabilities, limits: Limits) -> float:
    wanted = limits.keep_alive_s or capabilities.keep_alive_s
    if wanted is not None:
        return wanted
    idle = limits.idle_timeout_s or capabilities.idle_timeout_s
    return math.inf if idle is None else idle / 2
