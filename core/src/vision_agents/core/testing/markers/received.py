"""What a receiver got, on one clock: when bursts were heard, and when flashes were seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from vision_agents.core.testing.markers.bursts import find_bursts, runs
from vision_agents.core.testing.markers.code import NO_MARKER, OLD

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vision_agents.core.testing.markers.code import Code

_QUIET = 150  # below this magnitude there is not even the carrier
_PAUSE_S = 0.3  # silence shorter than this is a hole in an utterance, longer ones separate two
_BLOCKS_HZ = 200  # silence is looked for in blocks of 5 ms


class Heard(NamedTuple):
    """What was found in the sound, as ``MarkerReport`` has it."""

    heard: list[tuple[float, int]]
    gaps: list[tuple[float, float]]
    utterances: list[tuple[float, float]]


class ReceivedSound:
    """Pieces of mono sound, each with the time at which its first sample is heard."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._pieces: list[tuple[float, NDArray[np.int16]]] = []

    def add(self, samples: NDArray[np.int16], t_s: float) -> None:
        if len(samples):
            self._pieces.append((t_s, samples))

    def judge(self) -> Heard:
        """Find the bursts, the utterances and the holes in them."""
        if not self._pieces:
            return Heard([], [], [])
        samples = np.concatenate([piece for _, piece in self._pieces])
        starts = np.cumsum([0, *(len(piece) for _, piece in self._pieces[:-1])])
        times = np.array([at for at, _ in self._pieces])

        def when(index: int) -> float:
            piece = int(np.searchsorted(starts, index, side="right")) - 1
            return float(times[piece] + (index - starts[piece]) / self._rate_hz)

        heard = [
            (when(at), name) for at, name in find_bursts(samples, self._rate_hz) if name is not None
        ]
        block = max(1, self._rate_hz // _BLOCKS_HZ)
        level = np.abs(samples[: len(samples) // block * block].astype(np.int32))
        loud = level.reshape(-1, block).max(axis=1) > _QUIET
        gaps, utterances = [], []
        for first, last in runs(loud, join=int(_PAUSE_S * _BLOCKS_HZ)):
            utterances.append((when(first * block), when(last * block - 1)))
            for start, stop in runs(~loud[first:last], join=0):
                gaps.append((when((first + start) * block), (stop - start) / _BLOCKS_HZ))
        return Heard(heard, gaps, utterances)


class ReceivedPictures:
    """The codes of the pictures that could be read, each with the time at which it was shown."""

    def __init__(self, fps: float) -> None:
        self._fps = fps
        self._seen: list[tuple[float, Code]] = []

    def __len__(self) -> int:
        return len(self._seen)

    def add(self, code: Code, t_s: float) -> None:
        self._seen.append((t_s, code))

    def flashes(self) -> dict[int, list[float]]:
        """When the picture of each marker first showed, corrected by the marker's place in it."""
        out: dict[int, list[float]] = {}
        numbers = _unwrap([code.number for _, code in self._seen])
        done: set[int] = set()
        for index, (_, code) in enumerate(self._seen):
            if code.marker == NO_MARKER or code.age >= OLD:
                continue
            flashed = numbers[index] - code.age
            if flashed in done:
                continue
            done.add(flashed)
            first = index
            while first > 0 and flashed <= numbers[first - 1] <= numbers[index]:
                first -= 1
            shown_s = self._seen[first][0]
            out.setdefault(code.marker, []).append(shown_s + code.part / 32 / self._fps)
        return out


def _unwrap(numbers: list[int]) -> list[int]:
    """Picture numbers without their 15-bit wrap; a renderer that begins anew goes on upwards."""
    out: list[int] = []
    base = 0
    for index, number in enumerate(numbers):
        if index and number < numbers[index - 1] - 1000:
            base = out[-1] + 100 - number if number > 200 else out[-1] + 1 - number + 100
        out.append(base + number)
    return out
