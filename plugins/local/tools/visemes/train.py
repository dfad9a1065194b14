"""Train the viseme classifier: python -m plugins.local.tools.visemes.train FOLDER --out FILE

FOLDER holds what ``corpus`` wrote. A plain network in plain numpy: about ten minutes on one core
for 170 minutes of speech. Then: ``python -m plugins.local.tools.visemes.evaluate --model FILE``.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from plugins.local.tools.visemes.augment import augment
from vision_agents.plugins.local.visemes.classifier import FUTURE, PAST, Layers
from vision_agents.plugins.local.visemes.features import (
    BANDS,
    HOP,
    WINDOW,
    BandMean,
    FeatureStream,
    Floats,
)
from vision_agents.plugins.local.visemes.inventory import VISEMES

if TYPE_CHECKING:
    from plugins.local.tools.visemes.speech import Labels

HIDDEN: Final = (192, 96)
BLOCK: Final = 2000  # frames that are augmented together
BATCH: Final = 1024
DROPOUT: Final = 0.1
LEARNING_RATE: Final = 2e-3
WEIGHT_DECAY: Final = 1e-4
_OFFSETS: Final = np.arange(-PAST, FUTURE + 1)


@dataclass(slots=True)
class Examples:
    """Feature rows of all blocks with margins between them, and where the labelled ones are."""

    rows: Floats
    positions: npt.NDArray[np.int64]
    labels: npt.NDArray[np.int64]

    def batch(self, which: npt.NDArray[np.int64]) -> tuple[Floats, npt.NDArray[np.int64]]:
        """Flattened context and label of the examples ``which``."""
        context = self.rows[self.positions[which][:, None] + _OFFSETS]
        return context.reshape(len(which), -1), self.labels[which]


class _NoMean(BandMean):
    """Leaves the features as they are, to find the mean."""

    def subtract(self, frame: Floats) -> Floats:
        return frame


def features(samples: Floats, band_mean: BandMean) -> Floats:
    """One row per 10 ms of ``samples``."""
    padded = np.concatenate([samples, np.zeros(WINDOW, np.float32)])
    return FeatureStream(band_mean).push(padded)[: len(samples) // HOP]


def find_band_mean(blocks: list[tuple[Floats, Labels]]) -> Floats:
    """Mean of each band over frames with speech, where every new voice starts from."""
    rows = np.concatenate(
        [features(samples, _NoMean(np.zeros(BANDS, np.float32))) for samples, _ in blocks]
    )
    return np.asarray(rows[rows.max(axis=1) > -1.0].mean(axis=0), np.float32)


def load(folder: Path) -> list[tuple[Floats, Labels]]:
    """All files, in blocks."""
    blocks = []
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as data:
            samples = data["samples"].astype(np.float32) / 32768
            labels = data["labels"]
        for begin in range(0, len(labels) - BLOCK // 10, BLOCK):
            part = slice(begin, begin + BLOCK)
            blocks.append((samples[begin * HOP : (begin + BLOCK) * HOP], labels[part]))
    if not blocks:
        raise SystemExit(f"no speech in {folder}: make some with ...tools.visemes.corpus {folder}")
    return blocks


def prepare(
    blocks: list[tuple[Floats, Labels]],
    mean: Floats,
    copies: int,
    rng: np.random.Generator,
) -> Examples:
    """Features of every block as it is, and of ``copies`` augmented ones."""
    rows, positions, labels, at = [], [], [], 0
    for number, block in enumerate(blocks):
        for version in [block, *(augment(rng, *block) for _ in range(copies))]:
            found = features(version[0], BandMean(mean))[: len(version[1])]
            edges = (np.repeat(found[:1], PAST, axis=0), np.repeat(found[-1:], FUTURE, axis=0))
            rows += [edges[0], found, edges[1]]
            positions.append(at + PAST + np.arange(len(found)))
            labels.append(version[1][: len(found)])
            at += len(found) + PAST + FUTURE
        print(f"\r{number + 1} of {len(blocks)} blocks", end="", file=sys.stderr)
    print(file=sys.stderr)
    return Examples(
        np.concatenate(rows), np.concatenate(positions), np.concatenate(labels).astype(np.int64)
    )


class Network:
    """Layers of rectified units, trained with Adam."""

    def __init__(self, sizes: tuple[int, ...], rng: np.random.Generator) -> None:
        self._rng = rng
        pairs = list(itertools.pairwise(sizes))
        self.weights = [
            rng.normal(0, np.sqrt(2 / fan_in), (fan_in, fan_out)).astype(np.float32)
            for fan_in, fan_out in pairs
        ]
        self.biases = [np.zeros(fan_out, np.float32) for _, fan_out in pairs]
        self._first = [np.zeros_like(parameter) for parameter in self._parameters]
        self._second = [np.zeros_like(parameter) for parameter in self._parameters]
        self._steps = 0

    @property
    def _parameters(self) -> list[Floats]:
        return [*self.weights, *self.biases]

    @property
    def layers(self) -> Layers:
        return tuple(zip(self.weights, self.biases, strict=True))

    def learn(
        self, x: Floats, labels: npt.NDArray[np.int64], importance: Floats, rate: float
    ) -> float:
        """One step; the loss before it."""
        activations, masks = [x], []
        for weight, bias in self.layers[:-1]:
            hidden = np.maximum(activations[-1] @ weight + bias, 0.0)
            kept = self._rng.random(hidden.shape, dtype=np.float32) > DROPOUT
            masks.append(kept.astype(np.float32) / np.float32(1 - DROPOUT))
            activations.append(hidden * masks[-1])
        scores = activations[-1] @ self.weights[-1] + self.biases[-1]
        scores -= scores.max(axis=1, keepdims=True)
        found = np.exp(scores)
        found /= found.sum(axis=1, keepdims=True)
        each = np.arange(len(labels))
        loss = -float((importance * np.log(found[each, labels] + 1e-9)).mean())
        gradient = found
        gradient[each, labels] -= 1.0
        gradient *= importance[:, None] / len(labels)
        self._descend(self._gradients(gradient, activations, masks), rate)
        return loss

    def _gradients(
        self, gradient: Floats, activations: list[Floats], masks: list[Floats]
    ) -> list[Floats]:
        weights: list[Floats] = []
        biases: list[Floats] = []
        for number in reversed(range(len(self.weights))):
            weights.insert(0, activations[number].T @ gradient)
            biases.insert(0, gradient.sum(axis=0))
            if number:
                gradient = gradient @ self.weights[number].T
                gradient *= (activations[number] > 0) * masks[number - 1]
        return [*weights, *biases]

    def _descend(self, gradients: list[Floats], rate: float) -> None:
        self._steps += 1
        parts = zip(self._parameters, gradients, self._first, self._second, strict=True)
        for parameter, gradient, first, second in parts:
            first += 0.1 * (gradient - first)
            second += 0.001 * (gradient * gradient - second)
            step = first / (1 - 0.9**self._steps)
            step /= np.sqrt(second / (1 - 0.999**self._steps)) + 1e-8
            decay = WEIGHT_DECAY * parameter if parameter.ndim == 2 else 0.0
            parameter -= rate * (step + decay)


def train(examples: Examples, epochs: int, rng: np.random.Generator) -> Network:
    """Go through all examples ``epochs`` times; rare visemes count for more."""
    network = Network((BANDS * len(_OFFSETS), *HIDDEN, len(VISEMES)), rng)
    counts = np.bincount(examples.labels, minlength=len(VISEMES))
    importance = (1.0 / np.maximum(counts, 1)) ** 0.5
    importance = (importance / importance[examples.labels].mean()).astype(np.float32)
    steps = epochs * (len(examples.labels) // BATCH)
    done = 0
    for epoch in range(epochs):
        order = rng.permutation(len(examples.labels))
        losses = []
        for begin in range(0, len(order) - BATCH + 1, BATCH):
            x, labels = examples.batch(order[begin : begin + BATCH])
            warm = min(1.0, (done + 1) / 300)
            rate = LEARNING_RATE * warm * 0.5 * (1 + np.cos(np.pi * done / steps)) + 1e-6
            losses.append(network.learn(x, labels, importance[labels], rate))
            done += 1
        print(f"epoch {epoch + 1} of {epochs}: loss {np.mean(losses):.4f}", file=sys.stderr)
    return network


def save(path: Path, network: Network, mean: Floats) -> None:
    """The file that the classifier loads; half precision changes nothing it does."""
    arrays: dict[str, npt.NDArray[np.generic]] = {"band_mean": mean}
    for number, (weight, bias) in enumerate(network.layers):
        arrays[f"weight{number}"] = weight.astype(np.float16)
        arrays[f"bias{number}"] = bias.astype(np.float16)
    np.savez(path, **arrays)  # type: ignore[arg-type]  # numpy's stub knows only its own options


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the viseme classifier.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--copies", type=int, default=2, help="augmented versions of each block")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    blocks = load(options.folder)
    mean = find_band_mean(blocks)
    examples = prepare(blocks, mean, options.copies, rng)
    print(f"{len(examples.labels) / 6000:.0f} minutes with the augmented ones", file=sys.stderr)
    save(options.out, train(examples, options.epochs, rng), mean)


if __name__ == "__main__":
    main()
