"""Streaming text into sentences, so that the voice can begin before the text has ended.

Pure: text in, sentences out. It needs no language: an end mark of any script followed by a space
(or by nothing, where the script writes no spaces) ends a sentence, a line break does, and what
goes on for too long is cut at the best place there is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

__all__ = ["MAX_SENTENCE_CHARS", "SentenceSplitter", "split_sentences"]

# About 25 s of speech: longer pieces keep a listener waiting for a voice that speaks only whole
# texts, and none of the voices known needs more context than that. A guess on the safe side.
MAX_SENTENCE_CHARS: Final = 400

# Marks after which a space must follow ("3.14" and "example.org" go on) ...
_SPACED_END: Final = r"[.!?…।؟۔።]+[\"'”’»)\]]*(?=\s)"
# ... and those of scripts without spaces, which end a sentence by themselves.
_UNSPACED_END: Final = r"[。！？｡]+[」』”’）]*"
_END: Final = re.compile(rf"{_SPACED_END}|{_UNSPACED_END}|\n+")

# A full stop after these is no end. Only what stands before names and numbers in the middle of
# sentences: a missed cut costs a moment, a wrong one is heard.
_ABBREVIATIONS: Final = frozenset(
    word
    for line in (
        "mr mrs ms dr prof st sr jr nr vs etc vol approx",
        "e.g i.e z.b d.h bzw ca",
    )
    for word in line.split()
)

# Where to cut what is too long, best place first.
_CUTS: Final = (re.compile(r"[;:,،、，；：—–-]+\s*"), re.compile(r"\s+"))


class SentenceSplitter:
    """Takes text in pieces of any size and gives it back in whole sentences."""

    def __init__(self, max_chars: int = MAX_SENTENCE_CHARS) -> None:
        self._max_chars = max_chars
        self._rest = ""

    def push(self, text: str) -> Iterator[str]:
        """The sentences that ``text`` completes; what is left waits for more."""
        self._rest += text
        while (end := self._next_end()) is not None:
            sentence, self._rest = self._rest[:end].strip(), self._rest[end:]
            if sentence:
                yield sentence

    def drain(self) -> Iterator[str]:
        """The last sentence, whether it has an end mark or not."""
        yield from self.push("\n")

    def _next_end(self) -> int | None:
        """Where the first sentence of what is held ends; None when more text is needed."""
        for match in _END.finditer(self._rest):
            if match.end() > self._max_chars:
                break
            if not _is_abbreviation(self._rest[: match.start()], match.group()):
                return match.end()
        if len(self._rest) <= self._max_chars:
            return None
        return self._cut()

    def _cut(self) -> int:
        """The best place to cut a text without an end, at most ``max_chars`` from its start."""
        head = self._rest[: self._max_chars]
        for pattern in _CUTS:
            ends = [match.end() for match in pattern.finditer(head)]
            if ends and ends[-1] > self._max_chars // 4:
                return ends[-1]
        return self._max_chars


def split_sentences(text: str, max_chars: int = MAX_SENTENCE_CHARS) -> Iterator[str]:
    """The sentences of a whole text."""
    splitter = SentenceSplitter(max_chars)
    yield from splitter.push(text)
    yield from splitter.drain()


def _is_abbreviation(before: str, mark: str) -> bool:
    if mark != ".":
        return False
    # Never more than the longest abbreviation has to be looked at.
    word = before[-12:].rpartition(" ")[2].rpartition("\n")[2].lstrip("(\"'„“").lower()
    return word in _ABBREVIATIONS or (len(word) == 1 and word.isalpha() and word != "i")
