"""Text as people write it, made ready for a synthesiser that knows one language at a time."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

# Long enough that a clause keeps its melody, short enough that two speakers in one process take
# turns and that the sound of one piece (about 30 s) fits in memory.
LONGEST_PIECE: Final = 400

# Pictures, not words: a synthesiser would read out their Unicode names.
_PICTURES: Final = re.compile(
    "[\u2600-\u27bf\u2b00-\u2bff\ufe00-\ufe0f\u200d\u20e3"
    "\U0001f000-\U0001faff\U000e0020-\U000e007f]+"
)
_UNSPEAKABLE: Final = frozenset({"Cc", "Cs", "Co", "Cn"})
_SENTENCE_END: Final = re.compile(r"[.!?…]+[\"')\]]*\s|[。！？]|\n")

# espeak-ng language by script, as the first word of a character's Unicode name.
_LANGUAGE_OF_SCRIPT: Final = {
    "ARABIC": "ar",
    "ARMENIAN": "hy",
    "BENGALI": "bn",
    "CJK": "cmn",
    "CYRILLIC": "ru",
    "DEVANAGARI": "hi",
    "GEORGIAN": "ka",
    "GREEK": "el",
    "GUJARATI": "gu",
    "GURMUKHI": "pa",
    "HANGUL": "ko",
    "HEBREW": "he",
    "HIRAGANA": "ja",
    "KANNADA": "kn",
    "KATAKANA": "ja",
    "MALAYALAM": "ml",
    "TAMIL": "ta",
    "TELUGU": "te",
    "THAI": "th",
}
# Whoever chose one of these knows which script they write: their choice is never overruled.
_NOT_LATIN: Final = frozenset(_LANGUAGE_OF_SCRIPT.values()) | {
    *("am", "as", "ba", "be", "bg", "bpy", "chr", "cv", "fa", "grc", "hak", "hyw", "kk", "kok"),
    *("ky", "mk", "mr", "my", "ne", "or", "sa", "sd", "si", "sr", "ti", "tt", "ug", "uk", "ur"),
    "yue",
}


def clean(text: str) -> str:
    """``text`` without pictographs, control characters and lone surrogates."""
    spoken = _PICTURES.sub(" ", text)
    return "".join(
        symbol if symbol in "\n\t" or unicodedata.category(symbol) not in _UNSPEAKABLE else " "
        for symbol in spoken
    )


def pieces(text: str, language: str) -> Iterator[tuple[str, str]]:
    """Cut ``text`` into ``(piece, language)``, each at most ``LONGEST_PIECE`` characters.

    A piece ends with a sentence where one ends in time, else at a space. A run in another script
    than the Latin ``language`` gets the language that is most often written in that script.
    """
    for sentence in _sentences(clean(text)):
        if language.split("-")[0] in _NOT_LATIN:
            yield sentence, language
        else:
            yield from _script_runs(sentence, language)


def _sentences(text: str) -> Iterator[str]:
    begin = 0
    while begin < len(text):
        end = begin + LONGEST_PIECE
        if end < len(text):
            window = text[begin:end]
            ends = [match.end() for match in _SENTENCE_END.finditer(window)]
            space = max(window.rfind(" "), window.rfind("\n"))
            end = begin + (ends[-1] if ends else space + 1 if space > 0 else len(window))
        piece = text[begin:end]
        if any(symbol.isalnum() or not symbol.isascii() for symbol in piece) or piece.strip():
            yield piece
        begin = end


def _script_runs(sentence: str, language: str) -> Iterator[tuple[str, str]]:
    run = ""
    spoken = language
    for symbol in sentence:
        wanted = _language_of(symbol)
        if wanted is not None:
            wanted = wanted or language
            # Kana make the Chinese characters around them Japanese, not the reverse.
            if wanted == "cmn" and spoken == "ja":
                wanted = "ja"
            if wanted != spoken:
                if any(map(str.isalnum, run)):
                    yield run, spoken
                    run = ""
                spoken = wanted
        run += symbol
    if run.strip():
        yield run, spoken


@lru_cache(maxsize=4096)
def _language_of(symbol: str) -> str | None:
    """The language a letter asks for; ``""`` for Latin, ``None`` for what fits any."""
    if symbol.isascii():
        return "" if symbol.isalpha() else None
    if not symbol.isalpha():
        return None
    script = unicodedata.name(symbol, "").split(" ")[0]
    if script == "LATIN":
        return ""
    return _LANGUAGE_OF_SCRIPT.get(script)
