"""Make training speech: python -m plugins.local.tools.visemes.corpus FOLDER [--minutes 20 ...]

Writes one ``.npz`` per source: espeak-ng with the variants that are not held out, and every flite
and festival voice named, with samples (16 kHz, int16) and a label per 10 ms. The same seed and the
same installed voices give the same files. Run it from the root of the repository.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import numpy as np

from plugins.local.tools.visemes.evaluate import HELD_OUT_VARIANTS
from plugins.local.tools.visemes.sentences import sentences
from plugins.local.tools.visemes.speech import Utterance, espeak_utterance
from plugins.local.tools.visemes.synthesisers import FESTIVAL_LANGUAGES, festival, flite
from vision_agents.plugins.local.tts.espeak import Voice

LANGUAGES: Final = (*("en-us",) * 5, *("en-gb-x-rp",) * 3, "de", "fr", "es", "it", "nl", "pl")
VARIANTS: Final = tuple(
    name
    for name in (
        "f1", "f2", "f3", "f4", "f5", "m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "Alicia",
        "Andrea", "Andy", "Annie", "Denis", "Diogo", "Gene", "Gene2", "Henrique", "Hugo", "Jacky",
        "Lee", "Marco", "Mario", "Michael", "Mike", "adam", "anika", "antonio", "aunty", "belinda",
        "benjamin", "boris", "david", "ed", "edward", "gustave", "ian", "iven", "iven2", "john",
        "klatt", "klatt2", "klatt3", "klatt4", "linda", "marcelo", "max", "michel", "miguel",
        "norbert", "pablo", "paul", "pedro", "quincy", "rob", "robert", "sandro", "shelby", "steph",
        "steph2", "travis", "victor", "zac",
    )
    if name not in HELD_OUT_VARIANTS
)  # fmt: skip

Speaker = Callable[[random.Random], Utterance]


def espeak_speaker(seed: int) -> Speaker:
    """Any variant but those held out, any of the languages, any manner."""
    texts = {language: sentences(seed, language) for language in set(LANGUAGES)}

    def speak(rng: random.Random) -> Utterance:
        language = rng.choice(LANGUAGES)
        voice = Voice(
            language=language,
            variant="" if rng.random() < 0.12 else rng.choice(VARIANTS),
            words_per_minute=rng.randint(130, 230),
            pitch=rng.randint(25, 75),
            pitch_range=rng.randint(20, 90),
        )
        return espeak_utterance(next(texts[language]), voice)

    return speak


def flite_speaker(voice: str, seed: int) -> Speaker:
    texts = sentences(seed, "en")
    return lambda rng: flite(voice, next(texts), stretch=rng.choice((0.85, 1.0, 1.0, 1.15)))


def festival_speaker(voice: str, seed: int) -> Speaker:
    texts = sentences(seed, FESTIVAL_LANGUAGES.get(voice, "en"))
    return lambda _: festival(voice, next(texts))


def speech(speaker: Speaker, minutes: float, seed: int) -> Iterator[Utterance]:
    """Utterances with pauses between them until there is enough."""
    rng = random.Random(seed)
    seconds = 0.0
    while seconds < 60 * minutes:
        utterance = speaker(rng)
        if len(utterance.labels) > 20:
            seconds += len(utterance.labels) / 100
            yield utterance.followed_by_pause(rng.randint(10, 60))


def write(path: Path, speaker: Speaker, minutes: float, seed: int) -> None:
    utterances = []
    for utterance in speech(speaker, minutes, seed):
        utterances.append(utterance)
        print(f"\r{path.name}: {len(utterances)} utterances", end="", file=sys.stderr)
    samples = np.concatenate([utterance.samples for utterance in utterances])
    np.savez_compressed(
        path,
        samples=(samples * 32767).astype(np.int16),
        labels=np.concatenate([utterance.labels for utterance in utterances]),
    )
    print(f", {len(samples) / 16_000 / 60:.1f} minutes", file=sys.stderr)


def main() -> None:
    parser = argparse.ArgumentParser(description="Make training speech with known visemes.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--espeak", type=float, default=75, metavar="MINUTES")
    parser.add_argument("--flite", nargs="*", default=["awb", "kal16"], metavar="VOICE")
    parser.add_argument("--festival", nargs="*", default=["kal_diphone"], metavar="VOICE")
    parser.add_argument("--minutes", type=float, default=8, help="of each of those voices")
    parser.add_argument("--seed", type=int, default=100)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    seed: int = options.seed
    write(options.folder / "espeak.npz", espeak_speaker(seed), options.espeak, seed)
    for voice in options.flite:
        path = options.folder / f"flite_{voice}.npz"
        write(path, flite_speaker(voice, seed), options.minutes, seed)
    for voice in options.festival:
        path = options.folder / f"festival_{voice}.npz"
        write(path, festival_speaker(voice, seed), options.minutes, seed)


if __name__ == "__main__":
    main()
