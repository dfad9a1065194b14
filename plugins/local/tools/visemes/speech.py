"""Speech whose viseme at every moment is known: the synthesiser says when each phoneme begins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from vision_agents.core.media.pcm import PcmData
from vision_agents.core.media.resample import Resampler
from vision_agents.plugins.local.tts.espeak import Voice, engine
from vision_agents.plugins.local.tts.marks import MarkedSound
from vision_agents.plugins.local.visemes.features import HOP, RATE_HZ, Floats
from vision_agents.plugins.local.visemes.inventory import INDEX, SILENCE, visemes_of_phoneme

if TYPE_CHECKING:
    from vision_agents.core.media.chunks import Mark

Labels = npt.NDArray[np.int8]

_QUIET: Final = 0.0015  # RMS below which nothing is being said
_PAUSE: Final = 12  # frames of that which are a pause, not the closure of a plosive
_CLOSURE: Final = 6  # frames of a pause that a following plosive keeps
_PLOSIVES: Final = (INDEX["PP"], INDEX["DD"], INDEX["kk"])


@dataclass(frozen=True, slots=True)
class Utterance:
    """Mono sound at 16 kHz and one viseme index per 10 ms, equally long."""

    samples: Floats
    labels: Labels
    voice: str

    def followed_by_pause(self, frames: int) -> Utterance:
        """The same with that many frames of digital silence behind it."""
        return Utterance(
            np.concatenate([self.samples, np.zeros(frames * HOP, np.float32)]),
            np.concatenate([self.labels, np.full(frames, SILENCE, np.int8)]),
            self.voice,
        )


@dataclass(frozen=True, slots=True)
class Segment:
    """A phoneme's visemes, in equal parts of the time from ``begin_s`` to ``end_s``."""

    begin_s: float
    end_s: float
    visemes: tuple[int, ...]


def espeak(text: str, voice: Voice) -> tuple[PcmData, list[Mark]]:
    """Speak ``text``; marks count from the first sample and begin plosives at their closure."""
    source = engine()
    sound = MarkedSound(source.rate_hz)
    parts: list[npt.NDArray[np.int16]] = []
    marks: list[Mark] = []

    def keep(released: tuple[npt.NDArray[np.int16], tuple[Mark, ...]] | None) -> bool:
        if released is not None:
            begin_s = sum(map(len, parts)) / source.rate_hz
            parts.append(released[0])
            marks.extend(mark.shifted(begin_s) for mark in released[1])
        return True

    source.speak(text, voice, lambda samples, events: keep(sound.push(samples, events)))
    keep(sound.finish())
    samples = np.concatenate(parts) if parts else np.zeros(0, np.int16)
    return PcmData(source.rate_hz, "s16", samples), marks


def segments(marks: list[Mark], end_s: float) -> list[Segment]:
    """What is between one phoneme mark and the next; phonemes nobody knows are left out."""
    phonemes = [mark for mark in marks if mark.kind == "phoneme"]
    ends = [mark.at_s for mark in phonemes[1:]] + [end_s]
    found = []
    for mark, until_s in zip(phonemes, ends, strict=True):
        visemes = visemes_of_phoneme(mark.text)
        if visemes is not None:
            found.append(Segment(mark.at_s, until_s, visemes))
    return found


def labelled(pcm: PcmData, parts: list[Segment], voice: str) -> Utterance:
    """Sound at 16 kHz with a label per frame; long quiet stretches are silence whatever is said."""
    resampler = Resampler(RATE_HZ, 1, "f32")
    converted = resampler.push(pcm)
    converted.append(resampler.drain())
    samples = np.asarray(converted.samples, np.float32)
    frames = len(samples) // HOP
    samples = samples[: frames * HOP]
    labels = np.full(frames, SILENCE, np.int8)
    for part in parts:
        share_s = (part.end_s - part.begin_s) / len(part.visemes)
        for number, viseme in enumerate(part.visemes):
            begin = round((part.begin_s + number * share_s) * RATE_HZ / HOP)
            end = round((part.begin_s + (number + 1) * share_s) * RATE_HZ / HOP)
            labels[begin:end] = viseme
    _hush(labels, samples)
    return Utterance(samples, labels, voice)


def _hush(labels: Labels, samples: Floats) -> None:
    """Label pauses as silence, in place."""
    rms = np.sqrt(np.mean(samples.reshape(-1, HOP) ** 2, axis=1))
    edges = np.flatnonzero(np.diff(np.concatenate(([0], (rms < _QUIET).astype(np.int8), [0]))))
    for begin, end in edges.reshape(-1, 2).tolist():
        if end - begin >= _PAUSE:
            plosive_follows = end < len(labels) and labels[end] in _PLOSIVES
            labels[begin : end - (_CLOSURE if plosive_follows else 0)] = SILENCE


def espeak_utterance(text: str, voice: Voice) -> Utterance:
    """``text`` spoken by espeak-ng, labelled."""
    pcm, marks = espeak(text, voice)
    return labelled(pcm, segments(marks, pcm.duration), voice.name)
