"""A tone raises its own bar, and silence lets all of them fall."""

from __future__ import annotations

import numpy as np
import pytest

drawing = pytest.importorskip(
    "equalizer_avatar.drawing", reason="not installed: pip install ./examples/equalizer_avatar"
)

RATE_HZ = 24_000


def tone(hz: float) -> np.ndarray:
    return np.sin(2 * np.pi * hz * np.arange(480) / RATE_HZ) * 0.5


def test_a_tone_raises_its_own_bar() -> None:
    bars = drawing.Equalizer(128, 72, 8)
    bars.hear(tone(1_000.0), RATE_HZ)
    edges = np.geomspace(drawing.LOWEST_HZ, drawing.HIGHEST_HZ, 9)
    assert int(np.argmax(bars.levels)) == int(np.searchsorted(edges, 1_000.0)) - 1
    assert bars.levels.max() > 0.6


def test_silence_lets_them_fall() -> None:
    bars = drawing.Equalizer(128, 72, 8)
    bars.hear(tone(1_000.0), RATE_HZ)
    high = bars.levels.max()
    for _ in range(10):
        bars.hear(np.zeros(480), RATE_HZ)
    assert bars.levels.max() < high / 10


def test_higher_bars_make_a_brighter_picture() -> None:
    bars = drawing.Equalizer(128, 72, 8)
    quiet = bars.draw().to_ndarray()
    bars.hear(tone(1_000.0), RATE_HZ)
    loud = bars.draw().to_ndarray()
    assert quiet.shape == loud.shape == (108, 128)
    assert loud[:72].mean() > quiet[:72].mean() + 5
