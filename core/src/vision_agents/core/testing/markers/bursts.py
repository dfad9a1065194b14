"""Where in a piece of sound bursts are, and which markers they name."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from vision_agents.core.testing.markers.tones import BURST_S, HIGH_HZ, LOW_HZ

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_PEAK = 2_500
"""Quieter sound is no burst."""
_PIECES = 4  # in which a burst is read
_LEAST_MS, _MOST_MS = 15, 90
_CUT_MS = 30  # a shorter one was cut or lost in part: its name has to be twice as clear
# How many times the power of every other tone the named one needs. Of 39 800 bursts after Opus at
# 16 to 64 kbit/s, some with losses, a wrong one had 1.6 times at most; of those cut, 3.4 times.
_CLEAR = 2.0


def name_of(burst: NDArray[Any], rate_hz: float, clear: float = _CLEAR) -> int | None:
    """The marker whose tones sound in ``burst``, of which the first ``BURST_S`` count; None when
    no pair stands out with ``clear`` times the power of every other.

    What each piece of 10 ms holds of a tone adds up. With few bits Opus keeps a burst's beginning
    and end, but makes noise of the high tone in between, and what conceals a lost packet or plays
    faster breaks its phase: a window over the whole burst then finds a neighbour.
    """
    waves = _waves(int(BURST_S * rate_hz) // _PIECES, rate_hz)
    size = waves.shape[-1]
    pieces = burst[: min(len(burst) // size, _PIECES) * size].reshape(-1, size)
    if len(pieces) < 2:
        return None
    # Not `@`: threads of a BLAS that wake up for it were seen to hold the loop up for 16 ms.
    parts = np.einsum("cts,ps->ctp", waves, pieces.astype(np.float32))
    power = np.square(parts).sum(axis=(0, 2))
    low = _loudest(power[: len(LOW_HZ)], clear)
    high = _loudest(power[len(LOW_HZ) :], clear)
    return None if low is None or high is None else low * len(HIGH_HZ) + high


def _loudest(power: NDArray[np.float32], clear: float) -> int | None:
    order = np.argsort(power)
    return int(order[-1]) if power[order[-1]] > clear * power[order[-2]] else None


@lru_cache(maxsize=16)
def _waves(samples: int, rate_hz: float) -> NDArray[np.float32]:
    """Cosine and sine of the low and then the high tones: ``(2, tones, samples)``."""
    turns = 2 * np.pi * np.arange(samples) / rate_hz
    phases = np.outer(np.concatenate((LOW_HZ, HIGH_HZ)), turns)
    return np.stack((np.cos(phases), np.sin(phases))).astype(np.float32)


def find_bursts(samples: NDArray[Any], rate_hz: float) -> list[tuple[int, int | None]]:
    """``(index of the first sample, marker)`` of each burst that is complete in ``samples``."""
    block = max(1, round(rate_hz / 1000))
    level = np.abs(samples[: len(samples) // block * block].astype(np.int32))
    peaks = level.reshape(-1, block).max(axis=1) if len(level) else np.zeros(0, np.int32)
    loud = peaks[peaks > LEAST_PEAK]
    # Not of the maximum: a decoder may overshoot in the packet after a lost one.
    threshold = max(LEAST_PEAK, 0.3 * float(np.median(loud))) if len(loud) else LEAST_PEAK
    out = []
    for first, last in runs(peaks > threshold, join=4):
        if not _LEAST_MS <= last - first <= _MOST_MS or last + 3 > len(peaks):
            continue
        start = max(0, first - 1) * block
        within = level[start : last * block]
        onset = start + int(np.flatnonzero(within > 0.3 * np.median(peaks[first:last]))[0])
        clear = _CLEAR if last - first >= _CUT_MS else 2 * _CLEAR
        out.append((onset, name_of(samples[onset:], rate_hz, clear)))
    return out


def runs(true: NDArray[np.bool_], join: int) -> list[tuple[int, int]]:
    """``(first, end)`` of the runs of True; gaps of up to ``join`` do not separate."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], true, [False])).astype(np.int8)))
    out: list[tuple[int, int]] = []
    for first, last in edges.reshape(-1, 2).tolist():
        if out and first - out[-1][1] <= join:
            out[-1] = (out[-1][0], last)
        else:
            out.append((first, last))
    return out
