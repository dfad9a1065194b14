"""The fifteen visemes, and which of them a phoneme looks like.

The set is the one that lip-sync tools for real-time faces share (Meta's Oculus LipSync naming):
consonants fall together where the lips look alike, vowels by opening and rounding.
"""

# ruff: noqa: RUF001 (phonetic letters are the subject here)

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Final

VISEMES: Final = (
    "sil", "PP", "FF", "TH", "DD", "kk", "CH", "SS", "nn", "RR", "aa", "E", "ih", "oh", "ou",
)  # fmt: skip
INDEX: Final = {name: position for position, name in enumerate(VISEMES)}
SILENCE: Final = INDEX["sil"]
CLOSURE: Final = INDEX["PP"]

# International Phonetic Alphabet by viseme. A glottal stop or an /h/ has no lip shape of its own;
# they go where they disturb least.
_IPA_BY_VISEME: Final = {
    "PP": "p b m ɓ ɱ",
    "FF": "f v ʋ ɸ β",
    "TH": "θ ð",
    "DD": "t d ʈ ɖ ɗ ʔ",
    "kk": "k g ɡ x ɣ q χ ʁ h ɦ ħ ɢ ʕ ʀ c ɟ ç",
    "CH": "ʃ ʒ ɕ ʑ ʂ ʐ ɧ",
    "SS": "s z ɬ",
    "nn": "n l ɫ ŋ ɲ ʎ ɳ ɭ ɾ ɴ",
    "RR": "r ɹ ɻ ɚ ɝ ɜ ɽ",
    "aa": "a ɑ ɐ ʌ æ ɶ ɒ",
    "E": "e ɛ ə ɘ œ ø ɵ ɞ",
    "ih": "i ɪ ᵻ j ɨ y ʏ ɯ ɥ ɤ",
    "oh": "o ɔ",
    "ou": "u ʊ w ʉ ʍ",
}
_VISEME_OF_SYMBOL: Final = {
    symbol: INDEX[viseme] for viseme, row in _IPA_BY_VISEME.items() for symbol in row.split()
}
_STOPS: Final = frozenset("pbtdkgɡqcɟʈɖ")
_STRESS_AND_LENGTH: Final = frozenset("ˈˌː.ˑ|‖‿ ")


@lru_cache(maxsize=1024)
def visemes_of_phoneme(ipa: str) -> tuple[int, ...] | None:
    """Indices into ``VISEMES`` that one phoneme runs through, in order.

    A diphthong gives two. An affricate gives the fricative's shape alone: the lips are already
    there during the closure. ``_`` and ``""`` are a pause. ``None``: no symbol was recognised.
    """
    if ipa.strip("_:|") == "":
        return (SILENCE,)
    symbols = [
        symbol
        for symbol in unicodedata.normalize("NFD", ipa)
        if symbol not in _STRESS_AND_LENGTH and not unicodedata.combining(symbol)
    ]
    shapes: list[int] = []
    for position, symbol in enumerate(symbols):
        viseme = _VISEME_OF_SYMBOL.get(symbol)
        following = _VISEME_OF_SYMBOL.get("".join(symbols[position + 1 : position + 2]))
        starts_affricate = symbol in "td" and following == INDEX["CH"]
        if viseme is not None and not starts_affricate:
            shapes.append(viseme)
    return tuple(shapes) or None


def is_stop(ipa: str) -> bool:
    """Whether the phoneme begins with a silent closure (a plosive or an affricate)."""
    return ipa.lstrip("ˈˌ")[:1] in _STOPS
