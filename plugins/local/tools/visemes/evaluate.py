"""Measure a classifier: python -m plugins.local.tools.visemes.evaluate [--model FILE]

Voices are espeak-ng variants and languages that the training never used, sentences are made with
another seed. Run it from the root of the repository.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np

from plugins.local.tools.visemes.metrics import lag_ms, scores
from plugins.local.tools.visemes.sentences import sentences
from plugins.local.tools.visemes.speech import Utterance, espeak_utterance
from plugins.local.tools.visemes.synthesisers import flite
from vision_agents.plugins.local.face.shapes import opening
from vision_agents.plugins.local.face.timeline import MouthTrack
from vision_agents.plugins.local.tts.espeak import Voice
from vision_agents.plugins.local.visemes.classifier import VisemeClassifier, load_model
from vision_agents.plugins.local.visemes.features import HOP, Floats
from vision_agents.plugins.local.visemes.inventory import VISEMES

HELD_OUT_VARIANTS: Final = (
    "f4", "m5", "Andrea", "Denis", "Lee", "belinda", "edward", "klatt3", "linda", "max", "pablo",
    "quincy", "steph", "Michael",
)  # fmt: skip
HELD_OUT_LANGUAGES: Final = ("en-us", "en-us", "en-us", "en-us", "en-gb-x-rp", "en-gb-x-rp",
                             "pt-br", "sv")  # fmt: skip


def held_out_utterances(count: int, seed: int = 4711) -> Iterator[Utterance]:
    """``count`` utterances, a pause after each, of voices and sentences that no training saw."""
    rng = random.Random(seed)
    texts = {language: sentences(seed, language) for language in set(HELD_OUT_LANGUAGES)}
    for _ in range(count):
        language = rng.choice(HELD_OUT_LANGUAGES)
        voice = Voice(
            language=language,
            variant=rng.choice(HELD_OUT_VARIANTS),
            words_per_minute=rng.randint(130, 230),
            pitch=rng.randint(25, 75),
            pitch_range=rng.randint(20, 90),
        )
        utterance = espeak_utterance(next(texts[language]), voice)
        yield utterance.followed_by_pause(rng.randint(10, 60))


def classify(classifier: VisemeClassifier, utterance: Utterance) -> Floats:
    """Probabilities of one utterance, in pushes of a video frame as the avatar makes them."""
    step = HOP * 10 // 3
    rows = [
        classifier.push(utterance.samples[begin : begin + step])
        for begin in range(0, len(utterance.samples), step)
    ]
    return np.concatenate([*rows, classifier.finish()])


def mouth_opening(probabilities: Floats) -> Floats:
    """What the mouth does with them, at the middle of every 10 ms."""
    track = MouthTrack()
    track.push(probabilities)
    track.finish()
    vectors = [track.at((row + 0.5) / 100) for row in range(len(probabilities))]
    return opening(np.stack([vector for vector in vectors if vector is not None]))


def flite_utterances(voice: str, count: int, seed: int = 4711) -> Iterator[Utterance]:
    """``count`` utterances of a human-derived voice, a pause after each; needs flite."""
    rng = random.Random(seed)
    texts = sentences(seed, "en")
    for _ in range(count):
        yield flite(voice, next(texts)).followed_by_pause(rng.randint(10, 60))


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure a viseme classifier.")
    parser.add_argument("--utterances", type=int, default=50)
    parser.add_argument("--seed", type=int, default=4711)
    parser.add_argument("--model", type=Path, help="the shipped one unless given")
    parser.add_argument("--flite", metavar="VOICE", help="this voice instead, such as rms or slt")
    options = parser.parse_args()
    model = load_model(options.model) if options.model else None
    utterances = (
        flite_utterances(options.flite, options.utterances, options.seed)
        if options.flite
        else held_out_utterances(options.utterances, options.seed)
    )
    found, truth, lags = [], [], []
    for utterance in utterances:
        # A new classifier each: a call has one voice, and the band mean is to start cold.
        probabilities = classify(VisemeClassifier(model), utterance)
        found.append(probabilities)
        truth.append(utterance.labels)
        lags.append(lag_ms(mouth_opening(probabilities), utterance.labels))
    result = scores(np.concatenate(found), np.concatenate(truth))
    low, median, high = np.percentile(lags, (5, 50, 95))
    print(f"{len(lags)} utterances, {sum(map(len, truth)) / 100:.0f} s")
    print(f"accuracy {result.accuracy:.3f}   macro-F1 {result.macro_f1:.3f}")
    print("F1 " + "  ".join(f"{n} {f:.2f}" for n, f in zip(VISEMES, result.f1, strict=True)))
    print(f"opening correlation {result.opening_correlation:.3f}")
    print(f"closure F1 {result.closure_f1:.3f}")
    print(f"lag of the mouth: median {median:+.0f} ms, 5%..95% {low:+.0f}..{high:+.0f} ms")


if __name__ == "__main__":
    main()
