"""A stateful converter of rate, channels and format, for streams cut into pieces."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from vision_agents.core.media.pcm import PcmData, as_pcm

if TYPE_CHECKING:
    import av
    from numpy.typing import NDArray

    from vision_agents.core.media.pcm import PcmLike

__all__ = ["Resampler"]

_FILTER_SAMPLES = 128
"""Longer than swresample's filter at any rates of speech."""


class Resampler:
    """Converts a stream piece by piece without clicks at the seams (libswresample).

    The filter holds back about a millisecond until more comes; :meth:`drain` gives it out,
    :meth:`discard` throws it away. Input may change its rate, channels or format at any time:
    what is held back is given out first. Where nothing has to change, pieces pass untouched.
    """

    def __init__(self, rate_hz: int, channels: int = 1, format: str = "s16") -> None:
        # A template checks the arguments and gives the dtype.
        self._out = PcmData(rate_hz, format, channels=channels)
        self._source: tuple[int, int, str] | None = None
        self._filter: av.AudioResampler | None = None
        self._fed_s = 0.0
        self._given = 0  # samples
        self._time_base = Fraction(1, rate_hz)

    @property
    def held_s(self) -> float:
        """Seconds of input taken whose output has not come yet."""
        if self._filter is None:
            return 0.0
        return max(0.0, self._fed_s - self._given / self._out.sample_rate)

    def push(self, pcm: PcmLike) -> PcmData:
        """The output that is ready; may be empty."""
        piece = as_pcm(pcm)
        kind = (piece.sample_rate, piece.channels, piece.format)
        ready: list[NDArray[Any]] = []
        if kind != self._source:
            ready += self._rest() if self._filter is not None and self._fed_s else []
            self._open(kind)
        if self._filter is None:
            if not ready:
                return piece
            ready.append(piece.samples)
        elif not piece.empty:
            self._fed_s += piece.duration
            ready += self._run(self._frame(piece))
        return self._pcm(ready)

    def drain(self) -> PcmData:
        """What the filter still holds; the next piece starts afresh."""
        ready = self._rest() if self._filter is not None and self._fed_s else []
        self.discard()
        return self._pcm(ready)

    def _rest(self) -> list[NDArray[Any]]:
        """What the filter holds, to the sample; of fewer samples than its length it gives none,
        so they are followed by silence that is cut off again."""
        assert self._source is not None
        rate_hz, channels, format = self._source
        missing = round(self._fed_s * self._out.sample_rate) - self._given
        if self._fed_s * rate_hz < _FILTER_SAMPLES:
            silence = np.zeros((channels, _FILTER_SAMPLES), np.int16).squeeze()
            tail = PcmData(rate_hz, "s16", silence, channels=channels)
            kind = tail if format == "s16" else tail.to_float32()
            ready = self._run(self._frame(kind)) + self._run(None)
            return [np.concatenate(ready, axis=-1)[..., :missing]] if ready else []
        return self._run(None)

    def discard(self) -> None:
        """Forget what the filter holds; the next piece starts afresh."""
        self._source = self._filter = None
        self._fed_s, self._given = 0.0, 0

    def _open(self, kind: tuple[int, int, str]) -> None:
        self._source, self._filter = kind, None
        self._fed_s, self._given = 0.0, 0
        if kind == (self._out.sample_rate, self._out.channels, self._out.format):
            return
        import av

        self._filter = av.AudioResampler(
            format="s16" if self._out.format == "s16" else "flt",
            layout=_layout(self._out.channels),
            rate=self._out.sample_rate,
        )

    def _frame(self, piece: PcmData) -> av.AudioFrame:
        frame = piece.to_av_frame()
        frame.pts, frame.time_base = None, self._time_base
        return frame

    def _run(self, frame: av.AudioFrame | None) -> list[NDArray[Any]]:
        assert self._filter is not None
        channels, dtype = self._out.channels, self._out.samples.dtype
        out = []
        for got in self._filter.resample(frame):
            # to_ndarray() copies and stacks: half of the time of a 20 ms piece.
            packed = np.frombuffer(memoryview(got.planes[0]), dtype, got.samples * channels)
            out.append(packed if channels == 1 else packed.reshape(-1, channels).T)
            self._given += got.samples
        return out

    def _pcm(self, parts: list[NDArray[Any]]) -> PcmData:
        out = self._out
        if not parts:
            return PcmData(out.sample_rate, out.format, channels=out.channels)
        samples = parts[0] if len(parts) == 1 else np.concatenate(parts, axis=-1)
        return PcmData(out.sample_rate, out.format, samples, channels=out.channels)


def _layout(channels: int) -> str:
    return {1: "mono", 2: "stereo"}.get(channels, f"{channels}c")
