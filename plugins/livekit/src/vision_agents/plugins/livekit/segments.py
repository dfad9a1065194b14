"""Which utterance a playback message of the avatar worker belongs to.

The messages carry no id: one "finished" per segment that made a sound, in order. Messages get
lost, and then everything after would be one utterance behind; that is what this class prevents.
"""

from __future__ import annotations

from collections import deque


class Segments:
    """The segments sent and not yet reported finished. Pure."""

    def __init__(self) -> None:
        self._open: deque[int] = deque()
        self._cleared: deque[int] = deque()
        self._started: int | None = None

    @property
    def outstanding(self) -> int:
        """How many segments the worker still owes a "finished" for."""
        return len(self._open)

    def sent(self, utterance: int) -> None:
        """The first sound of ``utterance`` was sent."""
        if utterance not in self._open:
            self._open.append(utterance)

    def clear(self) -> int:
        """Everything sent so far was interrupted; how many segments that were."""
        count = len(self._open)
        self._cleared = self._open
        self._open = deque()
        return count

    def started(self) -> int | None:
        """The worker plays the next segment; which one, or ``None`` if it cannot be known.

        A segment that was playing has then ended without a word: its "finished" was lost. And
        after a start nothing of a segment cleared earlier comes any more.
        """
        self._cleared.clear()
        if self._started is not None and self._open and self._open[0] == self._started:
            self._open.popleft()
        self._started = self._open[0] if self._open else None
        return self._started

    def finished(self) -> int | None:
        """The worker has finished a segment; which one, or ``None`` if none was owed."""
        if self._cleared:
            return self._cleared.popleft()
        return self._open.popleft() if self._open else None
