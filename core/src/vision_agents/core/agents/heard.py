"""Which words of an utterance the listener has heard, from seconds and word marks. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vision_agents.core.media.audio_stream import Mark

__all__ = ["Script"]


@dataclass(slots=True)
class _Line:
    """One sentence: where its sound begins, how long it is, where its words begin."""

    text: str
    start_s: float
    duration_s: float = 0.0
    words: list[tuple[float, str]] = field(default_factory=list)


class Script:
    """What an utterance says and when, written while its sound is sent.

    Seconds count from the utterance's first sample. Where the voice marks its words, a word was
    heard when its first sample was; elsewhere a sentence cut in the middle is divided by
    characters and shortened to whole words.
    """

    def __init__(self) -> None:
        self._lines: list[_Line] = []
        self.duration_s = 0.0

    @property
    def text(self) -> str:
        """All that was given to the voice so far."""
        return " ".join(line.text for line in self._lines)

    def begin(self, sentence: str) -> None:
        """The sound that follows speaks ``sentence``."""
        self._lines.append(_Line(sentence, self.duration_s))

    def add(self, duration_s: float, marks: Iterable[Mark] = ()) -> None:
        """A chunk of this length was sent; the times of ``marks`` lie inside it."""
        line = self._lines[-1]
        for mark in marks:
            if mark.kind == "word":
                line.words.append((self.duration_s + mark.at_s, mark.text))
        line.duration_s += duration_s
        self.duration_s += duration_s

    def heard(self, heard_s: float) -> str:
        """The text whose sound lies before ``heard_s``."""
        parts = [_heard_of(line, heard_s) for line in self._lines]
        return " ".join(part for part in parts if part)


def _heard_of(line: _Line, heard_s: float) -> str:
    # 20 ms: the last packet's padding may be missing from what a listener was sent.
    if heard_s >= line.start_s + line.duration_s - 0.02:
        return line.text if line.duration_s else ""
    if heard_s <= line.start_s:
        return ""
    if line.words:
        return _by_words(line, heard_s)
    share = (heard_s - line.start_s) / line.duration_s
    return _whole_words(line.text, round(len(line.text) * share))


def _by_words(line: _Line, heard_s: float) -> str:
    lowered, end = line.text.lower(), 0
    for at_s, word in line.words:
        if at_s >= heard_s:
            break
        # A voice may say a word otherwise than it is written ("3" as "three"): such a word is
        # skipped and comes back with the next one that is found.
        found = lowered.find(word.lower(), end)
        if word and found >= 0:
            end = found + len(word)
    return line.text[:end]


def _whole_words(text: str, length: int) -> str:
    """The first ``length`` characters, without a word cut in two where there are spaces."""
    if length >= len(text) or text[length].isspace() or " " not in text:
        return text[:length].rstrip()
    return text[:length].rpartition(" ")[0].rstrip()
