"""Which viseme is being spoken: a small network over 130 ms of features, on the CPU."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

import numpy as np

from .features import BANDS, HOP, RATE_HZ, WINDOW, BandMean, FeatureStream, Floats
from .inventory import VISEMES

FRAME_RATE_HZ: Final = RATE_HZ // HOP
PAST: Final = 8  # frames of context before
FUTURE: Final = 4  # and after the frame that is judged
# A frame is judged once its last context window is complete; measured from the frame's beginning.
LOOK_AHEAD_S: Final = (FUTURE * HOP + (WINDOW + HOP) // 2) / RATE_HZ

Layers = tuple[tuple[Floats, Floats], ...]


def load_model(path: Traversable) -> tuple[Layers, Floats]:
    """Layers and initial band mean from a file that the training wrote."""
    with path.open("rb") as file, np.load(file, allow_pickle=False) as data:
        count = sum(name.startswith("weight") for name in data.files)
        layers = tuple(
            (data[f"weight{n}"].astype(np.float32), data[f"bias{n}"].astype(np.float32))
            for n in range(count)
        )
        return layers, data["band_mean"].astype(np.float32)


@lru_cache(maxsize=1)
def _shipped_model() -> tuple[Layers, Floats]:
    return load_model(files("vision_agents.plugins.local").joinpath("assets", "visemes.npz"))


def probabilities(layers: Layers, context: Floats) -> Floats:
    """Softmax output, shape (n, 15), for rows of flattened context, shape (n, 13 * 26)."""
    hidden = context
    for weight, bias in layers[:-1]:
        hidden = np.maximum(hidden @ weight + bias, 0.0)
    weight, bias = layers[-1]
    scores = hidden @ weight + bias
    scores -= scores.max(axis=1, keepdims=True)
    exponent = np.exp(scores)
    return np.asarray(exponent / exponent.sum(axis=1, keepdims=True), np.float32)


class VisemeClassifier:
    """Mono sound at 16 kHz in, probabilities over ``VISEMES`` at 100 Hz out.

    Row ``k`` belongs to samples ``160 k`` to ``160 (k + 1)`` of the utterance; it comes out
    ``LOOK_AHEAD_S`` after its first sample went in. How the sound is cut into pushes changes
    nothing. The model is shared, the state is a few kilobytes. One thread at a time.
    """

    def __init__(self, model: tuple[Layers, Floats] | None = None) -> None:
        """``model``: layers and initial band mean; the shipped ones unless given (for training)."""
        self._layers, initial_mean = model or _shipped_model()
        self._band_mean = BandMean(initial_mean)
        self._begin()

    def _begin(self) -> None:
        self._features = FeatureStream(self._band_mean)
        self._context: Floats = np.zeros((0, BANDS), np.float32)
        self._samples = 0
        self._rows = 0

    def push(self, samples: Floats) -> Floats:
        """Probabilities, shape (n, 15), of all frames that ``samples`` completed; n may be 0."""
        self._samples += len(samples)
        return self._judge(samples)

    def finish(self) -> Floats:
        """The utterance's last rows. Resets all but the band mean, which knows the voice by now."""
        missing = -(-self._samples // HOP) - self._rows
        tail = self._judge(np.zeros(WINDOW + (FUTURE + 1) * HOP, np.float32))[:missing]
        self._begin()
        return tail

    def _judge(self, samples: Floats) -> Floats:
        features = self._features.push(samples)
        if len(features) and not len(self._context):
            self._context = np.repeat(features[:1], PAST, axis=0)
        self._context = np.concatenate([self._context, features])
        width = PAST + 1 + FUTURE
        ready = len(self._context) - width + 1
        if ready <= 0:
            return np.zeros((0, len(VISEMES)), np.float32)
        windows = np.lib.stride_tricks.sliding_window_view(self._context, width, axis=0)
        context = windows.transpose(0, 2, 1).reshape(ready, width * BANDS)
        self._context = self._context[ready:]
        self._rows += ready
        return probabilities(self._layers, context)
