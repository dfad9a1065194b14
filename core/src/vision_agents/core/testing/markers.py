"""Flash and beep: speech whose lip-sync can be read off the received media.

``speech_with_markers`` makes sound: a quiet carrier tone that is never silent, and short bursts of
two tones whose pair of frequencies names the marker. ``FlashRenderer`` is a face that understands
only this: each picture carries, in black and white blocks, its number and which marker sounded how
many pictures ago. ``MarkerDetector`` takes what a receiver got and says how far picture and sound
of each marker lie apart, what is missing, and where the sound had holes.

Both survive Opus, VP8, H.264, resampling, scaling and letterboxing, which is why they are simple.
A receiver delays its two streams by itself; subtract what it makes of a pair of tracks that is in
step at the source (a control pair).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from vision_agents.core.media.frames import TIME_BASE, blank_frame, planes
from vision_agents.core.media.pcm import PcmData

if TYPE_CHECKING:
    import av
    from numpy.typing import NDArray

    Samples = NDArray[np.int16]

__all__ = [
    "MARKERS",
    "FlashRenderer",
    "MarkerDetector",
    "MarkerReport",
    "picture_number",
    "speech_with_markers",
]

_LOW_HZ = np.arange(14) * 80.0 + 600
_HIGH_HZ = np.arange(15) * 120.0 + 1900
MARKERS = len(_LOW_HZ) * len(_HIGH_HZ)
"""How many markers have a name; number ``MARKERS`` sounds like number 0 again."""
MARKERS_PER_UTTERANCE = 21
_BURST_S = 0.04
_PIECES = 4  # in which a burst is read
_LEAST_MS, _MOST_MS = 25, 90  # a shorter one was cut, and too little is left to tell its name
_BURST_PEAK = 12_000
_CARRIER_HZ, _CARRIER_PEAK = 220.0, 900
_QUIET = 150  # below this magnitude there is not even the carrier
_LEAST_BURST = 2_500
_PAUSE_S = 0.3  # silence shorter than this is a hole in an utterance, longer ones separate two


def speech_with_markers(
    duration_s: float, rate_hz: int = 24_000, every_s: float = 0.5, utterance: int = 0
) -> PcmData:
    """Mono s16 "speech" with a marker every ``every_s``, the first after half of that.

    Markers of utterance ``u`` are numbered from ``u * MARKERS_PER_UTTERANCE``, modulo ``MARKERS``.
    """
    n = round(duration_s * rate_hz)
    wave = _CARRIER_PEAK * np.sin(2 * np.pi * _CARRIER_HZ / rate_hz * np.arange(n) + 0.4)
    at_s, marker = every_s / 2, utterance * MARKERS_PER_UTTERANCE
    while at_s + _BURST_S <= duration_s:
        start = round(at_s * rate_hz)
        burst = _burst(marker % MARKERS, rate_hz)
        wave[start : start + len(burst)] = burst
        at_s, marker = at_s + every_s, marker + 1
    # No sample is zero: silence that was put in can be told from speech.
    samples = np.where(np.abs(wave) < 1, 1, wave).astype(np.int16)
    return PcmData(rate_hz, "s16", samples)


def _burst(marker: int, rate_hz: int) -> NDArray[np.float64]:
    low, high = divmod(marker, len(_HIGH_HZ))
    t = np.arange(round(_BURST_S * rate_hz)) / rate_hz
    tones = np.sin(2 * np.pi * _LOW_HZ[low] * t) + np.sin(2 * np.pi * _HIGH_HZ[high] * t)
    burst: NDArray[np.float64] = tones * (_BURST_PEAK / 2)
    return burst


def _name_of(burst: NDArray[Any], rate_hz: float) -> int | None:
    """The marker whose tones sound in ``burst``, of which the first ``_BURST_S`` count; None when
    no pair stands out.

    What each piece of 10 ms holds of a tone adds up. With few bits Opus keeps a burst's beginning
    and end, but makes noise of the high tone in between, and what conceals a lost packet or plays
    faster breaks its phase: a window over the whole burst then finds a neighbour.
    """
    waves = _waves(int(_BURST_S * rate_hz) // _PIECES, rate_hz)
    size = waves.shape[-1]
    pieces = burst[: min(len(burst) // size, _PIECES) * size].reshape(-1, size)
    if len(pieces) < 2:
        return None
    # Not `@`: threads of a BLAS that wake up for it were seen to hold the loop up for 16 ms.
    parts = np.einsum("cts,ps->ctp", waves, pieces.astype(np.float32))
    power = np.square(parts).sum(axis=(0, 2))
    low = _loudest(power[: len(_LOW_HZ)])
    high = _loudest(power[len(_LOW_HZ) :])
    return None if low is None or high is None else low * len(_HIGH_HZ) + high


def _loudest(power: NDArray[np.float32]) -> int | None:
    """Which tone has twice the power of every other: of 39 800 bursts behind Opus, 16 to 64 kbit/s,
    some with losses, a wrong one had 1.6 times at most, and 0.4 % had less than twice."""
    order = np.argsort(power)
    return int(order[-1]) if power[order[-1]] > 2 * power[order[-2]] else None


@lru_cache(maxsize=16)
def _waves(samples: int, rate_hz: float) -> NDArray[np.float32]:
    """Cosine and sine of the low and then the high tones: ``(2, tones, samples)``."""
    turns = 2 * np.pi * np.arange(samples) / rate_hz
    phases = np.outer(np.concatenate((_LOW_HZ, _HIGH_HZ)), turns)
    return np.stack((np.cos(phases), np.sin(phases))).astype(np.float32)


def _bursts(samples: NDArray[Any], rate_hz: float) -> list[tuple[int, int | None]]:
    """``(index of the first sample, marker)`` of each burst that is complete in ``samples``."""
    block = max(1, round(rate_hz / 1000))
    level = np.abs(samples[: len(samples) // block * block].astype(np.int32))
    peaks = level.reshape(-1, block).max(axis=1) if len(level) else np.zeros(0, np.int32)
    loud = peaks[peaks > _LEAST_BURST]
    # Not of the maximum: a decoder may overshoot in the packet after a lost one.
    threshold = max(_LEAST_BURST, 0.3 * float(np.median(loud))) if len(loud) else _LEAST_BURST
    out = []
    for first, last in _runs(peaks > threshold, join=4):
        if not _LEAST_MS <= last - first <= _MOST_MS or last + 3 > len(peaks):
            continue
        start = max(0, first - 1) * block
        within = level[start : last * block]
        onset = start + int(np.flatnonzero(within > 0.3 * np.median(peaks[first:last]))[0])
        out.append((onset, _name_of(samples[onset:], rate_hz)))
    return out


def _runs(true: NDArray[np.bool_], join: int) -> list[tuple[int, int]]:
    """``(first, end)`` of the runs of True; gaps of up to ``join`` do not separate."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], true, [False])).astype(np.int8)))
    out: list[tuple[int, int]] = []
    for first, last in edges.reshape(-1, 2).tolist():
        if out and first - out[-1][1] <= join:
            out[-1] = (out[-1][0], last)
        else:
            out.append((first, last))
    return out


# ------------------------------------------------------------------------- the picture's code
_COLUMNS, _ROWS = 8, 5
_FIELDS = (("number", 15), ("age", 4), ("marker", 8), ("part", 5))
_OLD = 15  # an age of this many pictures or more: no marker lately
_NO_MARKER = 255
_BLACK, _WHITE, _GREY = 16, 235, 60


@dataclass(frozen=True, slots=True)
class _Code:
    """``marker`` began ``age`` pictures ago, after ``part``/32 of that picture's time."""

    number: int
    age: int = _OLD
    marker: int = _NO_MARKER
    part: int = 0

    def word(self) -> int:
        word = 0
        for name, bits in _FIELDS:
            word = word << bits | getattr(self, name) & (1 << bits) - 1
        return word << 8 | _checksum(word)

    @staticmethod
    def of(word: int) -> _Code | None:
        word, check = word >> 8, word & 255
        if _checksum(word) != check:
            return None
        values = {}
        for name, bits in reversed(_FIELDS):
            values[name] = word & (1 << bits) - 1
            word >>= bits
        return _Code(**values)


def _checksum(word: int) -> int:
    check = 0x5A
    for shift in (0, 8, 16, 24):
        check = (check * 31 + (word >> shift & 255)) & 255
    return check


def _edges(size: int, cells: int) -> list[int]:
    """The borders of ``cells`` blocks over the middle half of ``size`` pixels."""
    return [round(size * (0.25 + 0.5 * i / cells)) for i in range(cells + 1)]


class FlashRenderer:
    """Draws the picture that belongs to a piece of sound: a white border where a marker begins in
    it, and blocks that carry the numbers. One instance per stream of sound."""

    def __init__(self, width: int, height: int, fps: float | Fraction = 30) -> None:
        self._size = width, height
        self._fps = Fraction(fps)
        self._x, self._y = _edges(width, _COLUMNS), _edges(height, _ROWS)
        self._number = 0
        self._age, self._marker, self._part = _OLD, _NO_MARKER, 0
        self._tail: NDArray[np.int16] = np.zeros(0, np.int16)
        self._loud = False
        self._unnamed = 0  # pictures since a marker began whose name is not known yet

    def frame(self, pcm: PcmData | NDArray[np.int16], pts: int | None = None) -> av.VideoFrame:
        """The yuv420p picture for the sound of one picture period; the sound may be empty.

        ``pts`` counts 90 kHz; by default the picture's number decides.
        """
        samples = pcm.samples if isinstance(pcm, PcmData) else pcm
        onset = self._listen(samples)
        code = _Code(self._number & 0x7FFF, self._age, self._marker, self._part)
        frame = self._draw(code.word(), flash=onset)
        frame.pts = round(self._number / self._fps * 90_000) if pts is None else pts
        frame.time_base = TIME_BASE
        self._number += 1
        return frame

    def _listen(self, samples: NDArray[np.int16]) -> bool:
        """Follow the sound; whether a marker begins in it."""
        rate_hz = len(samples) * float(self._fps)
        self._age = min(self._age + 1, _OLD)
        loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > _LEAST_BURST)
        quiet_before = not self._loud
        self._loud = bool(len(loud)) and len(samples) - int(loud[-1]) < 0.003 * rate_hz
        begins = bool(len(loud)) and quiet_before and self._unnamed == 0
        if begins:
            self._age, self._marker = 0, _NO_MARKER
            self._part = min(31, int(loud[0]) * 32 // len(samples))
            self._unnamed = 1
            self._tail = samples[int(loud[0]) :]
        elif self._unnamed:
            self._tail = np.concatenate((self._tail, samples))
            self._unnamed += 1
        if self._unnamed and len(self._tail) >= _BURST_S * rate_hz > 0:
            name = _name_of(self._tail[: round(_BURST_S * rate_hz)], rate_hz)
            self._marker = _NO_MARKER if name is None else name
            self._unnamed = 0
        elif self._unnamed > 6:  # the sound stopped inside the burst
            self._unnamed = 0
        return begins

    def _draw(self, word: int, *, flash: bool) -> av.VideoFrame:
        frame = blank_frame(*self._size)
        luma = planes(frame)[0]
        luma[:] = _WHITE if flash else _GREY
        for bit in range(_COLUMNS * _ROWS):
            row, column = divmod(bit, _COLUMNS)
            white = word >> (_COLUMNS * _ROWS - 1 - bit) & 1
            luma[self._y[row] : self._y[row + 1], self._x[column] : self._x[column + 1]] = (
                _WHITE if white else _BLACK
            )
        return frame


def picture_number(frame: av.VideoFrame, source_size: tuple[int, int] | None = None) -> int | None:
    """The number, modulo 32768, of a picture drawn by ``FlashRenderer``; None if unreadable."""
    code = _read(frame, source_size or (frame.width, frame.height))
    return None if code is None else code.number


def _read(frame: av.VideoFrame, source_size: tuple[int, int]) -> _Code | None:
    if frame.format.name in ("yuv420p", "yuvj420p", "nv12"):
        luma: NDArray[Any] = planes(frame)[0] if len(frame.planes) == 3 else _first_plane(frame)
    else:
        luma = frame.to_ndarray(format="gray8")
    scale = min(frame.width / source_size[0], frame.height / source_size[1])
    inner = source_size[0] * scale, source_size[1] * scale
    left, top = (frame.width - inner[0]) / 2, (frame.height - inner[1]) / 2
    columns = left + inner[0] * (0.25 + 0.5 * (np.arange(_COLUMNS) + 0.5) / _COLUMNS)
    rows = top + inner[1] * (0.25 + 0.5 * (np.arange(_ROWS) + 0.5) / _ROWS)
    bits = luma[np.ix_(rows.astype(int), columns.astype(int))] > 125
    return _Code.of(int("".join("1" if bit else "0" for bit in bits.ravel()), 2))


def _first_plane(frame: av.VideoFrame) -> NDArray[np.uint8]:
    plane = frame.planes[0]
    return np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)


# --------------------------------------------------------------------------------- the receiver
@dataclass(frozen=True, slots=True)
class MarkerReport:
    """What a receiver got. Offsets are picture minus sound in milliseconds: positive is picture
    late."""

    offsets: dict[int, list[float]]
    """Of each marker number, in the order heard."""
    missing_pictures: list[int]
    """Markers heard whose picture never showed."""
    missing_sounds: list[int]
    """Markers seen whose burst was not heard."""
    gaps: list[tuple[float, float]]
    """``(when, how long)`` of silence inside utterances, seconds."""
    utterances: list[tuple[float, float]]
    """``(start, end)`` of each utterance heard, seconds."""
    pictures: int
    """Pictures decoded."""
    unreadable: int
    """Pictures in which no valid code was found."""
    heard: list[tuple[float, int]]
    """``(when, marker)`` of each burst heard, in order."""
    timeline: tuple[tuple[float, float], ...] = ()
    """``(when heard, offset in ms)`` of each marker, in the order heard."""

    @property
    def all_offsets(self) -> list[float]:
        return [offset for of_one in self.offsets.values() for offset in of_one]

    @property
    def median_ms(self) -> float:
        return float(np.median(self.all_offsets))

    def p95_ms(self, relative_to_ms: float = 0.0) -> float:
        """95th percentile of the distance from ``relative_to_ms``, a control pair's median."""
        return float(np.percentile(np.abs(np.array(self.all_offsets) - relative_to_ms), 95))


class MarkerDetector:
    """Collects received sound and pictures, each with its time on one clock; then judges.

    ``rate_hz`` is the rate of the sound pushed; ``source_size`` the size the renderer drew,
    needed only where the picture was letterboxed; ``fps`` the renderer's.
    """

    def __init__(
        self, rate_hz: int, *, fps: float = 30, source_size: tuple[int, int] | None = None
    ) -> None:
        self._rate_hz, self._fps = rate_hz, fps
        self._source_size = source_size
        self._sound: list[tuple[float, NDArray[np.int16]]] = []
        self._seen: list[tuple[float, _Code]] = []
        self._unreadable = 0

    def push_audio(self, samples: PcmData | NDArray[Any], t_s: float) -> None:
        """Received sound, mono; ``t_s`` is when its first sample is heard."""
        pcm = (
            samples if isinstance(samples, PcmData) else PcmData.from_numpy(samples, self._rate_hz)
        )
        mono = pcm.to_int16().resample(self._rate_hz, 1).samples
        if len(mono):
            self._sound.append((t_s, mono))

    def push_video(self, frame: av.VideoFrame, t_s: float) -> None:
        """A received picture, shown at ``t_s``; it is read at once and not kept."""
        code = _read(frame, self._source_size or (frame.width, frame.height))
        if code is None:
            self._unreadable += 1
        else:
            self._seen.append((t_s, code))

    def report(self) -> MarkerReport:
        """Judge what was pushed so far."""
        heard, gaps, utterances = self._hear()
        seen = self._flashes()
        offsets: dict[int, list[float]] = {}
        timeline: list[tuple[float, float]] = []
        missing_pictures = []
        for at_s, marker in heard:
            flash = _nearest(seen.get(marker, []), at_s)
            if flash is None:
                missing_pictures.append(marker)
            else:
                offsets.setdefault(marker, []).append((flash - at_s) * 1000)
                timeline.append((at_s, (flash - at_s) * 1000))
        names = {marker for _, marker in heard}
        missing_sounds = [marker for marker in seen if marker not in names]
        return MarkerReport(
            offsets, missing_pictures, missing_sounds, gaps, utterances, len(self._seen),
            self._unreadable, heard, tuple(timeline),
        )  # fmt: skip

    def _hear(
        self,
    ) -> tuple[list[tuple[float, int]], list[tuple[float, float]], list[tuple[float, float]]]:
        if not self._sound:
            return [], [], []
        samples = np.concatenate([part for _, part in self._sound])
        starts = np.cumsum([0, *(len(part) for _, part in self._sound[:-1])])
        times = np.array([at for at, _ in self._sound])

        def when(index: int) -> float:
            part = int(np.searchsorted(starts, index, side="right")) - 1
            return float(times[part] + (index - starts[part]) / self._rate_hz)

        heard = [
            (when(at), name) for at, name in _bursts(samples, self._rate_hz) if name is not None
        ]
        block = max(1, self._rate_hz // 200)  # 5 ms
        level = np.abs(samples[: len(samples) // block * block].astype(np.int32))
        loud = level.reshape(-1, block).max(axis=1) > _QUIET
        gaps, utterances = [], []
        for first, last in _runs(loud, join=int(_PAUSE_S * 200)):
            utterances.append((when(first * block), when(last * block - 1)))
            for start, stop in _runs(~loud[first:last], join=0):
                gaps.append((when((first + start) * block), (stop - start) * 0.005))
        return heard, gaps, utterances

    def _flashes(self) -> dict[int, list[float]]:
        """When the picture of each marker first showed, corrected by the marker's place in it."""
        out: dict[int, list[float]] = {}
        numbers = _unwrap([code.number for _, code in self._seen])
        done: set[int] = set()
        for index, (_, code) in enumerate(self._seen):
            if code.marker == _NO_MARKER or code.age >= _OLD:
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


def _nearest(times: list[float], at_s: float, within_s: float = 5.0) -> float | None:
    near = [t for t in times if abs(t - at_s) <= within_s]
    return min(near, key=lambda t: abs(t - at_s)) if near else None
