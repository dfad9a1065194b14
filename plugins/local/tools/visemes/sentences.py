"""Sentences to speak: made up from word lists of our own, the same for the same seed."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_WORDS: Final = tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))


def sentences(seed: int, language: str) -> Iterator[str]:
    """An endless row of sentences; in other languages than English, words made of syllables."""
    rng = random.Random(f"{seed} {language}")
    family = language.split("-")[0]
    while True:
        yield (
            _english(rng) if family == "en" else _made_up(rng, _WORDS["syllables"][family].split())
        )


def _english(rng: random.Random) -> str:
    text = f"{_thing(rng)} {_pick(rng, 'verbs')} {_thing(rng)}"
    if rng.random() < 0.6:
        text += " " + _pick(rng, "places")
    if rng.random() < 0.4:
        text = f"{_pick(rng, 'starts')}, {text}"
    if rng.random() < 0.2:
        text += f", and {_thing(rng)} {_pick(rng, 'verbs')} {_thing(rng)}"
    return text[0].upper() + text[1:] + rng.choice("...!?")


def _pick(rng: random.Random, kind: str) -> str:
    word: str = rng.choice(_WORDS[kind].split())
    return word.replace("|", " ")


def _thing(rng: random.Random) -> str:
    adjectives = " ".join(_pick(rng, "adjectives") for _ in range(rng.choice((0, 1, 1, 2))))
    article = rng.choice(("the", "the", "my", "your", "this", "every", "their"))
    return " ".join(part for part in (article, adjectives, _pick(rng, "nouns")) if part)


def _made_up(rng: random.Random, syllables: list[str]) -> str:
    words = [
        "".join(rng.choices(syllables, k=rng.randint(1, 3))) for _ in range(rng.randint(5, 11))
    ]
    return " ".join(words).capitalize() + rng.choice("..?!")
