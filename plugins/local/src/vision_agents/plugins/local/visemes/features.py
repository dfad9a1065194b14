"""Log-mel features with a causal level tracker and a per-band mean that outlives the utterance.

A formant synthesiser, a telephone line and a studio voice differ mostly by a constant per band, so
subtracting a running mean is what lets one small model serve them all. Everything here is causal:
a frame never depends on sound after its own 25 ms window.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

RATE_HZ: Final = 16_000
HOP: Final = 160  # samples; one frame every 10 ms
WINDOW: Final = 400  # samples; 25 ms
BANDS: Final = 26
_FFT: Final = 512
_LOW_HZ: Final = 80.0
_HIGH_HZ: Final = 7600.0
# Frame k is centred on the middle of hop k, so the first window begins before the first sample.
_LEAD_IN: Final = (WINDOW - HOP) // 2

# Natural log of band power. It starts at a loud voice, so that a first breath stays quiet.
_LEVEL_START: Final = 1.0
_LEVEL_FLOOR: Final = -6.0
_LEVEL_DECAY: Final = 0.0035  # per frame: half the power after two seconds
_ACTIVE: Final = -1.0  # a frame whose loudest band is above this teaches the band mean
_MEAN_MEMORY: Final = 500  # frames: five seconds of speech


def _mel_filters() -> Floats:
    def mel(hz: float) -> float:
        return float(2595.0 * np.log10(1.0 + hz / 700.0))

    edges_mel = np.linspace(mel(_LOW_HZ), mel(_HIGH_HZ), BANDS + 2)
    edges_hz = 700.0 * (10.0 ** (edges_mel / 2595.0) - 1.0)
    hz = (np.arange(_FFT // 2 + 1) * RATE_HZ / _FFT)[:, None]
    low, peak, high = edges_hz[:-2], edges_hz[1:-1], edges_hz[2:]
    triangles = np.maximum(0.0, np.minimum((hz - low) / (peak - low), (high - hz) / (high - peak)))
    return np.asarray(triangles / np.maximum(triangles.sum(axis=0), 1e-6), np.float32)


_FILTERS: Final = _mel_filters()
_TAPER: Final = np.hanning(WINDOW).astype(np.float32)


class BandMean:
    """Running mean of each band over frames with speech; keep one per voice, not per utterance."""

    def __init__(self, initial: Floats, trust: int = 80) -> None:
        """``trust``: how many frames the initial mean counts for against what is heard."""
        self._mean = initial.astype(np.float32).copy()
        self._seen = trust

    def subtract(self, frame: Floats) -> Floats:
        """``frame`` without the mean as it was before this frame, which then teaches it."""
        centred = frame - self._mean
        if float(frame.max()) > _ACTIVE:
            self._seen = min(self._seen + 1, _MEAN_MEMORY)
            self._mean += centred / np.float32(self._seen)
        return centred


class FeatureStream:
    """Samples in, one row of ``BANDS`` features per 10 ms out; state for one utterance."""

    def __init__(self, band_mean: BandMean) -> None:
        self._band_mean = band_mean
        self._pending: Floats = np.zeros(_LEAD_IN, np.float32)
        self._level = _LEVEL_START

    def push(self, samples: Floats) -> Floats:
        """Accept mono ``samples`` at 16 kHz in -1..1; rows of every window that is now complete."""
        self._pending = np.concatenate([self._pending, samples])
        frames = (len(self._pending) - WINDOW) // HOP + 1
        if frames <= 0:
            return np.zeros((0, BANDS), np.float32)
        windows = np.lib.stride_tricks.sliding_window_view(self._pending, WINDOW)[::HOP][:frames]
        spectrum = np.fft.rfft(windows * _TAPER, _FFT, axis=1)
        power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
        self._pending = self._pending[frames * HOP :]
        return self._normalise(np.log(power @ _FILTERS + np.float32(1e-6)))

    def _normalise(self, log_mel: Floats) -> Floats:
        rows = np.empty_like(log_mel)
        for position, loudest in enumerate(log_mel.max(axis=1).tolist()):
            self._level = max(loudest, self._level - _LEVEL_DECAY, _LEVEL_FLOOR)
            levelled = np.maximum(log_mel[position] - np.float32(self._level), -10.0) / 3.0 + 1.2
            rows[position] = self._band_mean.subtract(levelled.astype(np.float32))
        return rows
