"""The same speech through other throats, rooms, lines and microphones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vision_agents.core.media.pcm import PcmData
from vision_agents.core.media.resample import Resampler
from vision_agents.plugins.local.visemes.features import HOP, RATE_HZ, Floats

if TYPE_CHECKING:
    from plugins.local.tools.visemes.speech import Labels

_EQUALISER_HZ = (0, 200, 500, 1000, 2000, 3500, 5500, 8000)


def augment(rng: np.random.Generator, samples: Floats, labels: Labels) -> tuple[Floats, Labels]:
    """A changed copy; labels are stretched along when the speed changes."""
    if rng.random() < 0.7:
        samples, labels = _speed(samples, labels, rng.uniform(0.8, 1.3))
    samples = _equalise(rng, samples)
    if rng.random() < 0.4:
        samples = _reverberate(rng, samples)
    samples = samples / (np.abs(samples).max() + 1e-6)
    if rng.random() < 0.6:
        samples = _add_noise(rng, samples)
    level_db = rng.uniform(-26, -1)
    return (samples * 10 ** (level_db / 20)).astype(np.float32), labels


def _speed(samples: Floats, labels: Labels, factor: float) -> tuple[Floats, Labels]:
    """Faster and higher: as a shorter throat sounds."""
    resampler = Resampler(RATE_HZ, 1, "f32")
    changed = resampler.push(PcmData(round(RATE_HZ * factor), "f32", samples))
    changed.append(resampler.drain())
    frames = len(changed) // HOP
    source = np.minimum(((np.arange(frames) + 0.5) * factor).astype(int), len(labels) - 1)
    return np.asarray(changed.samples[: frames * HOP], np.float32), labels[source]


def _frequencies(samples: Floats) -> Floats:
    return np.linspace(0, RATE_HZ / 2, len(samples) // 2 + 1).astype(np.float32)


def _equalise(rng: np.random.Generator, samples: Floats) -> Floats:
    hz = _frequencies(samples)
    gain_db = np.interp(hz, _EQUALISER_HZ, rng.normal(0, 4, len(_EQUALISER_HZ)))
    if rng.random() < 0.25:  # a narrow line
        gain_db -= np.clip((hz - rng.uniform(3400, 7000)) / 200, 0, 1) * 40
    changed = np.fft.irfft(np.fft.rfft(samples) * 10 ** (gain_db / 20), len(samples))
    return changed.astype(np.float32)


def _reverberate(rng: np.random.Generator, samples: Floats) -> Floats:
    length = int(rng.uniform(0.08, 0.4) * RATE_HZ)
    echo = rng.normal(0, 1, length) * np.exp(-6.9 * np.arange(length) / length)
    echo *= rng.uniform(0.1, 0.5) / np.sqrt((echo**2).sum())
    echo[0] = 1.0
    size = len(samples) + length
    changed = np.fft.irfft(np.fft.rfft(samples, size) * np.fft.rfft(echo, size), size)
    return changed[: len(samples)].astype(np.float32)


def _add_noise(rng: np.random.Generator, samples: Floats) -> Floats:
    noise = rng.normal(0, 1, len(samples))
    if rng.random() < 0.6:  # rumbling rather than hissing
        noise = np.fft.irfft(
            np.fft.rfft(noise) / np.sqrt(np.maximum(_frequencies(samples), 50)), len(samples)
        )
    below_db = rng.uniform(12, 45)
    scaled = noise / (noise.std() + 1e-9) * samples.std() * 10 ** (-below_db / 20)
    return np.asarray(samples + scaled, np.float32)
