"""What is to be said: the agent's speech on one time line, kept until it has been spoken.

Positions are seconds of speech since the beginning of the call. They only grow: a barge-in makes
the unspoken part past, it never turns the line back. So one number says how far a session has
been fed, how far it has come back and where another one goes on.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vision_agents.core.avatars.provider.levels import Profile, loudness

if TYPE_CHECKING:
    from vision_agents.core.media.pcm import PcmData

_KEEP_S = 2.0  # of what has been spoken: a resumed utterance may begin a little further back
_EPSILON_S = 1e-6


@dataclass(slots=True)
class Line:
    """One utterance. ``arrived_s`` is when its first sound came, by the monotonic clock."""

    number: int
    utterance_id: int
    start_s: float
    end_s: float
    arrived_s: float
    complete: bool = False


@dataclass(frozen=True, slots=True)
class Piece:
    """A bit of speech with its place on the time line."""

    start_s: float
    end_s: float
    pcm: PcmData
    line: Line


class Script:
    """The speech of a call, from what is just being spoken to the newest that has arrived."""

    def __init__(self) -> None:
        self.profile = Profile()
        self.end_s = 0.0
        self._pieces: list[Piece] = []
        self._lines: list[Line] = []
        self._numbers = 0
        self._unwanted: int | None = None  # utterance whose rest is still arriving after a cut

    def add(self, pcm: PcmData, *, utterance_id: int, now_s: float) -> None:
        """Append speech; another ``utterance_id`` than before begins a new line."""
        if pcm.duration <= 0 or self._is_unwanted(utterance_id):
            return
        line = self._open_line(utterance_id, now_s)
        start = self.end_s
        self.end_s = line.end_s = start + pcm.duration
        self._pieces.append(Piece(start, self.end_s, pcm, line))
        for seconds, loud in loudness(pcm):
            self.profile.add(start, start + seconds, loud=loud)
            start += seconds

    def complete(self, *, utterance_id: int) -> None:
        """The utterance has ended: no more of it comes."""
        if self._is_unwanted(utterance_id):
            self._unwanted = None
        elif self._lines:
            self._lines[-1].complete = True

    def cut(self) -> None:
        """Barge-in: nothing of what has arrived is to be said any more.

        The rest of an utterance that is still arriving is discarded too, until its end, a
        :meth:`flushed` or another utterance.
        """
        if self._lines and not self._lines[-1].complete:
            self._unwanted = self._lines[-1].utterance_id
        self._pieces.clear()
        self._lines.clear()
        self.profile.forget(self.end_s)

    def flushed(self) -> None:
        """The agent's stream was flushed: whatever arrives from here on is new."""
        self._unwanted = None

    def line_at(self, position_s: float) -> Line | None:
        """The line spoken at ``position_s``; at a border the later one."""
        for line in self._lines:
            if position_s < line.end_s - _EPSILON_S:
                return line
        return None

    def line_before(self, position_s: float) -> Line | None:
        """The last line that has ended at ``position_s`` or holds it."""
        found = None
        for line in self._lines:
            if line.start_s < position_s - _EPSILON_S:
                found = line
        return found

    def lines_after(self, position_s: float) -> list[Line]:
        """The lines that end after ``position_s``, in order."""
        return [line for line in self._lines if line.end_s > position_s + _EPSILON_S]

    def read(self, position_s: float, until_s: float) -> Piece | None:
        """The speech from ``position_s`` on: at most one piece, and not beyond ``until_s``."""
        until_s = min(until_s, self.end_s)
        if position_s >= until_s - _EPSILON_S:
            return None
        index = bisect_right(self._pieces, position_s + _EPSILON_S, key=lambda p: p.end_s)
        if index == len(self._pieces):
            return None
        piece = self._pieces[index]
        start, end = max(position_s, piece.start_s), min(until_s, piece.end_s)
        if end <= start:
            return None
        if start > piece.start_s + _EPSILON_S or end < piece.end_s - _EPSILON_S:
            return Piece(start, end, _part(piece, start, end), piece.line)
        return piece

    def forget(self, spoken_s: float) -> None:
        """Drop what was spoken long enough before ``spoken_s``."""
        before_s = spoken_s - _KEEP_S
        gone = bisect_right(self._pieces, before_s, key=lambda p: p.end_s)
        if gone < 50:  # cutting a list's head costs its length: do it now and then
            return
        del self._pieces[:gone]
        self.profile.forget(before_s)
        self._lines = [line for line in self._lines if line.end_s > before_s or not line.complete]

    def _is_unwanted(self, utterance_id: int) -> bool:
        if self._unwanted is not None and self._unwanted != utterance_id:
            self._unwanted = None
        return self._unwanted is not None

    def _open_line(self, utterance_id: int, now_s: float) -> Line:
        last = self._lines[-1] if self._lines else None
        if last is not None and not last.complete:
            if last.utterance_id == utterance_id:
                return last
            last.complete = True
        self._numbers += 1
        self.profile.cut()
        line = Line(self._numbers, utterance_id, self.end_s, self.end_s, now_s)
        self._lines.append(line)
        return line


def _part(piece: Piece, start_s: float, end_s: float) -> PcmData:
    pcm = piece.pcm
    first = round((start_s - piece.start_s) * pcm.sample_rate)
    last = round((end_s - piece.start_s) * pcm.sample_rate)
    return type(pcm)(
        sample_rate=pcm.sample_rate,
        format=pcm.format,
        samples=pcm.samples[..., first:last],
        channels=pcm.channels,
    )
