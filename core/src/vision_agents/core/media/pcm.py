"""``PcmData``: the type of audio everywhere, and ``as_pcm``: the one door for other shapes."""

from __future__ import annotations

import io
import wave
from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Protocol, cast

import numpy as np

from vision_agents.core.media.samples import (
    DTYPES,
    PcmFormat,
    Samples,
    converted,
    empty,
    padded,
    parse_format,
)
from vision_agents.core.media.timestamps import seconds

if TYPE_CHECKING:
    import av
    from numpy.typing import NDArray

__all__ = ["PcmData", "PcmFormat", "PcmLike", "as_pcm"]

# What av calls our two formats, packed and planar.
_AV_FORMATS: dict[str, PcmFormat] = {"s16": "s16", "s16p": "s16", "flt": "f32", "fltp": "f32"}
_LAYOUTS = {1: "mono", 2: "stereo"}


class PcmLike(Protocol):
    """What any PCM object has, ours and ``getstream``'s: recognised by these attributes alone."""

    @property
    def samples(self) -> Any: ...
    @property
    def sample_rate(self) -> int: ...
    @property
    def format(self) -> Any: ...
    @property
    def channels(self) -> int: ...


class PcmData:
    """A piece of PCM audio.

    ``samples`` is 1-D for mono and 2-D channel-major ``(channels, n)`` for more; int16 for format
    ``"s16"``, float32 in -1..1 for ``"f32"``; ``None`` means empty. ``pts`` and ``dts`` count
    ``time_base`` units. ``participant`` says whose voice it is, where that is known.

    Whoever hands samples over must not write to them afterwards: queues keep views, not copies.

    Raises:
        TypeError: the samples' dtype does not match ``format``.
        ValueError: a format, rate, channel count or shape that makes no sense.
    """

    __slots__ = (
        "channels", "dts", "format", "participant", "pts", "sample_rate", "samples", "time_base",
    )  # fmt: skip

    def __init__(
        self,
        sample_rate: int,
        format: str,
        samples: Samples | None = None,
        pts: int | None = None,
        dts: int | None = None,
        time_base: float | Fraction | None = None,
        channels: int = 1,
        participant: Any = None,
    ) -> None:
        self.sample_rate = sample_rate
        self.format = parse_format(format)
        self.channels = channels
        self.pts = pts
        self.dts = dts
        self.time_base = time_base
        self.participant = participant
        if sample_rate <= 0:
            raise ValueError(f"sample_rate must be positive, not {sample_rate}")
        if channels < 1:
            raise ValueError(f"channels must be at least 1, not {channels}")
        self.samples: Samples = empty(self.format, channels) if samples is None else samples
        got = getattr(self.samples, "dtype", type(self.samples).__name__)
        if got != DTYPES[self.format]:
            raise TypeError(
                f"format {self.format!r} needs {DTYPES[self.format].__name__} samples, not {got}; "
                "PcmData.from_numpy() converts"
            )
        if self.samples.ndim == 2 and channels == 1 and len(self.samples) == 1:
            self.samples = self.samples[0]
        if channels == 1 and self.samples.ndim != 1:
            raise ValueError(f"mono samples must be 1-D, not {self.samples.shape}")
        if channels > 1 and (self.samples.ndim != 2 or len(self.samples) != channels):
            raise ValueError(
                f"samples of {channels} channels must have the shape ({channels}, n), "
                f"not {self.samples.shape}"
            )

    def __repr__(self) -> str:
        at = f" at {self.pts_seconds:.3f} s" if self.pts_seconds is not None else ""
        return (
            f"<PcmData {self.duration_ms:g} ms, {self.sample_rate} Hz, "
            f"{self.channels} channel{'s' if self.channels > 1 else ''}, {self.format}{at}>"
        )

    def __len__(self) -> int:
        """Samples per channel."""
        return int(self.samples.shape[-1])

    @property
    def duration(self) -> float:
        """Seconds."""
        return len(self) / self.sample_rate

    @property
    def duration_ms(self) -> float:
        return self.duration * 1000

    @property
    def pts_seconds(self) -> float | None:
        return _seconds(self.pts, self.time_base)

    @property
    def dts_seconds(self) -> float | None:
        return _seconds(self.dts, self.time_base)

    @property
    def stereo(self) -> bool:
        return self.channels == 2

    @property
    def empty(self) -> bool:
        return len(self) == 0

    # ------------------------------------------------------------------ builders
    @classmethod
    def from_bytes(
        cls, data: bytes, sample_rate: int = 16000, format: str = "s16", channels: int = 1
    ) -> PcmData:
        """Interleaved native-endian samples; a last incomplete frame of samples is dropped."""
        dtype = DTYPES[parse_format(format)]
        whole = len(data) - len(data) % (channels * np.dtype(dtype).itemsize)
        return cls.from_numpy(np.frombuffer(data[:whole], dtype), sample_rate, format, channels)

    @classmethod
    def from_numpy(
        cls, array: NDArray[Any], sample_rate: int = 16000, format: str = "s16", channels: int = 1
    ) -> PcmData:
        """An array of any integer or float dtype; 1-D is interleaved, 2-D either way round."""
        samples = np.asarray(array)
        if samples.ndim == 2 and samples.shape[0] != channels and samples.shape[1] == channels:
            samples = samples.T
        elif samples.ndim == 1 and channels > 1:
            samples = samples[: len(samples) // channels * channels].reshape(-1, channels).T
        if samples.ndim == 2 and channels == 1 and len(samples) == 1:
            samples = samples[0]
        samples = np.ascontiguousarray(converted(samples, parse_format(format)))
        return cls(sample_rate, format, samples, channels=channels)

    @classmethod
    def from_av_frame(cls, frame: av.AudioFrame) -> PcmData:
        """A decoded frame; its pts and time base are kept."""
        known = _AV_FORMATS.get(frame.format.name)
        array = frame.to_ndarray()
        channels = len(frame.layout.channels)
        if not frame.format.is_planar:
            array = array.reshape(-1, channels).T
        wanted: PcmFormat = known or ("f32" if array.dtype.kind == "f" else "s16")
        samples = np.ascontiguousarray(converted(array[0] if channels == 1 else array, wanted))
        return cls(
            frame.sample_rate, wanted, samples, frame.pts, frame.dts, frame.time_base, channels
        )

    # ---------------------------------------------------------------- conversions
    def to_bytes(self) -> bytes:
        """Interleaved native-endian samples."""
        return self.samples.T.tobytes()

    def to_wav_bytes(self) -> bytes:
        """A WAV file, 16 bits a sample."""
        out = io.BytesIO()
        with wave.open(out, "wb") as file:
            file.setnchannels(self.channels)
            file.setsampwidth(2)
            file.setframerate(self.sample_rate)
            file.writeframes(self.to_int16().to_bytes())
        return out.getvalue()

    def to_av_frame(self) -> av.AudioFrame:
        """A packed s16 or planar float frame with our pts."""
        import av

        layout = _LAYOUTS.get(self.channels) or f"{self.channels}c"
        if self.format == "s16":
            frame = av.AudioFrame("s16", layout, len(self))
            for plane in frame.planes:  # one, or none where there are no samples
                plane.update(self.to_bytes())
        else:
            planar = np.ascontiguousarray(self.samples).reshape(self.channels, -1)
            frame = av.AudioFrame.from_ndarray(planar, format="fltp", layout=layout)
        frame.sample_rate = self.sample_rate
        frame.pts = self.pts
        if isinstance(self.time_base, Fraction):
            frame.time_base = self.time_base
        elif self.time_base is not None:
            frame.time_base = Fraction(self.time_base).limit_denominator(1_000_000_000)
        return frame

    def to_float32(self) -> PcmData:
        return self._with(converted(self.samples, "f32"), "f32")

    def to_int16(self) -> PcmData:
        """Floats beyond -1..1 are clipped."""
        return self._with(converted(self.samples, "s16"), "s16")

    def copy(self) -> PcmData:
        return self._with(self.samples.copy(), self.format)

    def resample(self, target_sample_rate: int, target_channels: int | None = None) -> PcmData:
        """A whole clip at another rate or channel count; stateless.

        Pieces of a stream click at the seams this way: use a
        :class:`~vision_agents.core.media.resample.Resampler` for those.
        """
        from vision_agents.core.media.resample import Resampler

        channels = target_channels or self.channels
        if (target_sample_rate, channels) == (self.sample_rate, self.channels):
            return self
        resampler = Resampler(target_sample_rate, channels, self.format)
        out = resampler.push(self)
        out.append(resampler.drain())
        if self.pts is not None and self.time_base is not None:
            out.pts, out.time_base = self.pts, self.time_base
        out.participant = self.participant
        return out

    # -------------------------------------------------------------------- editing
    def append(self, other: PcmLike) -> PcmData:
        """Add ``other`` at the end, in this object's rate, channels and format; returns self."""
        more = as_pcm(other)
        if not more.empty:
            more = more.resample(self.sample_rate, self.channels)
            added = converted(more.samples, self.format)
            self.samples = np.concatenate((self.samples, added), axis=-1)
        return self

    def clear(self) -> None:
        """Forget the samples, in place."""
        self.samples = empty(self.format, self.channels)

    def chunks(
        self, chunk_size: int, overlap: int = 0, pad_last: bool = False
    ) -> Iterator[PcmData]:
        """Pieces of ``chunk_size`` samples; the last is short unless ``pad_last``."""
        if chunk_size <= overlap or overlap < 0:
            raise ValueError(f"chunks of {chunk_size} samples cannot overlap by {overlap}")
        step = chunk_size - overlap
        for start in range(0, len(self), step):
            piece = self.samples[..., start : start + chunk_size]
            short = chunk_size - piece.shape[-1]
            if short and pad_last:
                piece = padded(piece, 0, short)
            chunk = self._with(piece, self.format)
            if self.pts is not None and self.time_base is not None:
                ticks = round(start / self.sample_rate / float(self.time_base))
                chunk.pts = self.pts + ticks
            yield chunk
            if start + chunk_size >= len(self):
                return

    def sliding_window(self, window_ms: float, hop_ms: float) -> Iterator[PcmData]:
        """Overlapping windows, in milliseconds."""
        size, hop = (round(ms * self.sample_rate / 1000) for ms in (window_ms, hop_ms))
        return self.chunks(size, overlap=size - hop)

    def head(self, duration_s: float, pad: bool = False, pad_at: str = "end") -> PcmData:
        """The first ``duration_s``, filled up with silence at ``pad_at`` when asked."""
        n = round(duration_s * self.sample_rate)
        return self._fit(self.samples[..., :n], n, pad, pad_at)

    def tail(self, duration_s: float, pad: bool = False, pad_at: str = "end") -> PcmData:
        """The last ``duration_s``, filled up with silence at ``pad_at`` when asked."""
        n = round(duration_s * self.sample_rate)
        return self._fit(self.samples[..., max(0, len(self) - n) :], n, pad, pad_at)

    def _fit(self, piece: Samples, n: int, pad: bool, pad_at: str) -> PcmData:
        short = n - piece.shape[-1]
        if pad and short > 0:
            piece = padded(piece, short, 0) if pad_at == "start" else padded(piece, 0, short)
        return self._with(piece, self.format)

    def _with(self, samples: Samples, format: PcmFormat) -> PcmData:
        return PcmData(
            self.sample_rate, format, samples, self.pts, self.dts, self.time_base, self.channels,
            self.participant,
        )  # fmt: skip


def as_pcm(obj: PcmLike | av.AudioFrame) -> PcmData:
    """``obj`` as a :class:`PcmData`: ours unchanged, getstream's, or an ``av.AudioFrame``.

    Samples are shared, not copied, wherever their layout already fits.

    Raises:
        TypeError: not PCM; says what was given.
    """
    if isinstance(obj, PcmData):
        return obj
    if hasattr(obj, "to_ndarray") and hasattr(obj, "layout"):
        return PcmData.from_av_frame(cast("av.AudioFrame", obj))
    missing = [n for n in ("samples", "sample_rate", "format", "channels") if not hasattr(obj, n)]
    if missing:
        raise TypeError(
            f"{type(obj).__name__} is no PCM: it has no {', '.join(missing)}; give a PcmData, an "
            "av.AudioFrame, or an object with samples, sample_rate, format and channels"
        )
    pcm = obj
    samples = pcm.samples
    if samples is not None and pcm.channels > 1 and np.ndim(samples) == 1:
        samples = np.asarray(samples).reshape(-1, pcm.channels).T
    return PcmData(
        int(pcm.sample_rate),
        parse_format(pcm.format),
        samples,
        getattr(obj, "pts", None),
        getattr(obj, "dts", None),
        getattr(obj, "time_base", None),
        int(pcm.channels),
        getattr(obj, "participant", None),
    )


def _seconds(ticks: int | None, time_base: float | Fraction | None) -> float | None:
    return None if ticks is None or time_base is None else seconds(ticks, time_base)
