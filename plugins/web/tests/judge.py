"""Judges what a browser showed and played; pure, from the raw data of ``probe.js``."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plugins.web.tests.media import BEEP_HZ, MARKER_EVERY_S

Curve = NDArray[np.float64]

WHITE = 150
NEAR_MARKER_MS = 170
LOUD = 100.0
"""RMS of 10 ms, of 32767; the hum at its quietest has 225 behind the codec."""


@dataclass(frozen=True)
class Recording:
    """Pictures and sound on one clock, in ms."""

    rate_hz: int
    block_ms: Curve
    """When each block of sound was played."""
    blocks: list[NDArray[np.int16]]
    shown_ms: Curve
    corner: Curve
    mouth: Curve
    size: tuple[int, int]
    mutes: list[tuple[float, bool]]
    """Since when the page plays the sound, or not."""

    @classmethod
    def of(cls, raw: dict[str, Any], *, playout_ms: float) -> Recording:
        pictures = np.array(raw["pictures"], float).reshape(-1, 6)
        return cls(
            rate_hz=int(raw["rate"]),
            block_ms=np.array([t for t, _ in raw["blocks"]], float) + playout_ms,
            blocks=[np.frombuffer(b64decode(sound), np.int16) for _, sound in raw["blocks"]],
            shown_ms=pictures[:, 0],
            corner=pictures[:, 1],
            mouth=pictures[:, 2],
            size=(int(pictures[-1, 4]), int(pictures[-1, 5])) if len(pictures) else (0, 0),
            mutes=[(float(t), bool(muted)) for t, muted in raw["mutes"]],
        )

    @property
    def fps(self) -> float:
        """Pictures presented per second."""
        if len(self.shown_ms) < 2:
            return 0.0
        return float((len(self.shown_ms) - 1) / (self.shown_ms[-1] - self.shown_ms[0]) * 1000)

    def loudness(self) -> Curve:
        """RMS of each block."""
        return np.array([np.sqrt(np.mean(b.astype(float) ** 2)) for b in self.blocks])

    def last_loud_ms(self, *, muted_too: bool = False) -> float:
        """When the last sound above the noise came out of the page; or would have, unmuted."""
        loud = self.loudness() > LOUD
        if not muted_too:
            change = np.searchsorted([t for t, _ in self.mutes], self.block_ms) - 1
            loud &= ~np.array([muted for _, muted in self.mutes])[change]
        return float(self.block_ms[loud][-1] + 10)

    def flashes_ms(self) -> Curve:
        """When each white picture was first shown."""
        white = self.corner > WHITE
        return self.shown_ms[1:][white[1:] & ~white[:-1]]

    def beeps_ms(self) -> Curve:
        """When each beep began, to about 1 ms."""
        samples = np.concatenate(self.blocks).astype(float)
        per_block = len(self.blocks[0])
        step = self.rate_hz // 1000
        time = np.arange(len(samples)) / self.rate_hz
        tone = samples * np.exp(-2j * np.pi * BEEP_HZ * time)
        level = np.abs(tone[: len(tone) // step * step].reshape(-1, step).mean(axis=1))
        on = np.concatenate([np.zeros(40, bool), level > 2000])
        quiet_before = np.convolve(on, np.ones(40))[39 : 39 + len(level)] == 0
        first = np.flatnonzero(on[40:] & quiet_before) * step
        return self.block_ms[first // per_block] + first % per_block / self.rate_hz * 1000

    def offsets_ms(self) -> Curve:
        """For each flash, how much later its beep was played (sound late is positive)."""
        half = MARKER_EVERY_S * 500
        beeps = self.beeps_ms()
        nearest = [beeps[np.argmin(abs(beeps - flash))] - flash for flash in self.flashes_ms()]
        return np.array([offset for offset in nearest if abs(offset) < half])

    def likeness(self, reference: NDArray[np.int16]) -> float:
        """Correlation of the waveform with what was sent: the median over half seconds.

        Each piece is looked for anywhere in the reference, since jitter buffers stretch silence.
        """
        samples = np.concatenate(self.blocks).astype(float)
        piece_length = self.rate_hz // 2
        size = 1 << int(np.ceil(np.log2(len(reference) + piece_length)))
        spectrum = np.fft.rfft(reference.astype(float), size)
        energy = np.cumsum(np.concatenate([[0.0], reference.astype(float) ** 2]))
        energy = energy[piece_length:] - energy[:-piece_length]
        found = []
        for start in range(0, len(samples) - piece_length + 1, piece_length):
            piece = samples[start : start + piece_length]
            products = np.fft.irfft(spectrum * np.conj(np.fft.rfft(piece, size)))
            norm = np.sqrt(np.maximum(energy, 1.0) * max(float(np.sum(piece**2)), 1.0))
            found.append(float(np.max(products[: len(energy)] / norm)))
        return float(np.median(found))

    def mouth_follows(self, *, face: bool = False) -> tuple[float, float]:
        """How the mouth's luma correlates with loudness, and how much later it is heard, in ms.

        The test's mouth is bright when open, and what is near a marker is left out; a ``face``'s
        is dark, and it has no markers. Sound late is positive.
        """
        calm = np.ones(len(self.shown_ms), bool)
        for at_ms in [] if face else [*self.flashes_ms(), *self.beeps_ms()]:
            calm &= abs(self.shown_ms - at_ms) > NEAR_MARKER_MS
        shown, mouth = self.shown_ms[calm], self.mouth[calm] * (-1 if face else 1)
        loudness = np.convolve(self.loudness(), np.ones(3) / 3, "same")
        middle_ms = self.block_ms + 5
        heard = {lag: np.interp(shown + lag, middle_ms, loudness) for lag in range(-200, 201, 5)}
        return max((float(np.corrcoef(mouth, at)[0, 1]), float(lag)) for lag, at in heard.items())
