"""The sound of markers: a carrier, and bursts of two tones whose frequencies name the marker."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vision_agents.core.media.pcm import PcmData

if TYPE_CHECKING:
    from numpy.typing import NDArray

LOW_HZ = np.arange(14) * 80.0 + 600
HIGH_HZ = np.arange(15) * 120.0 + 1900
MARKERS = len(LOW_HZ) * len(HIGH_HZ)
"""How many markers have a name; number ``MARKERS`` sounds like number 0 again."""
MARKERS_PER_UTTERANCE = 21
BURST_S = 0.04
_BURST_PEAK = 12_000
_CARRIER_HZ, _CARRIER_PEAK = 220.0, 900


def speech_with_markers(
    duration_s: float, rate_hz: int = 24_000, every_s: float = 0.5, utterance: int = 0
) -> PcmData:
    """Mono s16 "speech" with a marker every ``every_s``, the first after half of that.

    Markers of utterance ``u`` are numbered from ``u * MARKERS_PER_UTTERANCE``, modulo ``MARKERS``.
    """
    n = round(duration_s * rate_hz)
    wave = _CARRIER_PEAK * np.sin(2 * np.pi * _CARRIER_HZ / rate_hz * np.arange(n) + 0.4)
    at_s, marker = every_s / 2, utterance * MARKERS_PER_UTTERANCE
    while at_s + BURST_S <= duration_s:
        start = round(at_s * rate_hz)
        burst = _burst(marker % MARKERS, rate_hz)
        wave[start : start + len(burst)] = burst
        at_s, marker = at_s + every_s, marker + 1
    # No sample is zero: silence that was put in can be told from speech.
    samples = np.where(np.abs(wave) < 1, 1, wave).astype(np.int16)
    return PcmData(rate_hz, "s16", samples)


def _burst(marker: int, rate_hz: int) -> NDArray[np.float64]:
    low, high = divmod(marker, len(HIGH_HZ))
    t = np.arange(round(BURST_S * rate_hz)) / rate_hz
    tones = np.sin(2 * np.pi * LOW_HZ[low] * t) + np.sin(2 * np.pi * HIGH_HZ[high] * t)
    burst: NDArray[np.float64] = tones * (_BURST_PEAK / 2)
    return burst
