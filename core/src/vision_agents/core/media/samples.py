"""Arrays of samples: the two formats, and the ways from other ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["DTYPES", "PcmFormat", "Samples", "converted", "empty", "padded", "parse_format"]

PcmFormat = Literal["s16", "f32"]

DTYPES: dict[str, Any] = {"s16": np.int16, "f32": np.float32}
Samples: TypeAlias = "NDArray[Any]"
"""int16 or float32, as the format says; 1-D, or channel-major for more than one channel."""


def parse_format(value: Any) -> PcmFormat:
    if value == "s16":
        return "s16"
    name = str(getattr(value, "value", value)).lower()
    if name == "s16":
        return "s16"
    if name == "f32":
        return "f32"
    raise ValueError(f"PCM format must be 's16' or 'f32', not {value!r}")


def empty(format: PcmFormat, channels: int) -> Samples:
    shape = 0 if channels == 1 else (channels, 0)
    return np.zeros(shape, DTYPES[format])


def padded(samples: Samples, before: int, after: int) -> Samples:
    head, tail = (np.zeros((*samples.shape[:-1], n), samples.dtype) for n in (before, after))
    return np.concatenate((head, samples, tail), axis=-1)


def converted(samples: NDArray[Any], format: PcmFormat) -> Samples:
    """Any integer or float samples as int16 or as float32 in -1..1."""
    if samples.dtype == DTYPES[format]:
        return samples
    if samples.dtype.kind == "f":
        return samples.astype(np.float32) if format == "f32" else _to_int16(samples * 32767.0)
    if samples.dtype.kind not in "iu":
        raise TypeError(f"samples of dtype {samples.dtype} are no PCM")
    full = float(1 << (8 * samples.dtype.itemsize - 1))
    if samples.dtype.kind == "u":  # unsigned PCM has its zero in the middle
        samples = samples.astype(np.float64) - full
    return (
        (samples / full).astype(np.float32)
        if format == "f32"
        else _to_int16(samples * (32768.0 / full))
    )


def _to_int16(scaled: NDArray[Any]) -> NDArray[np.int16]:
    rounded: NDArray[Any] = np.rint(scaled)
    clipped: NDArray[Any] = np.clip(rounded, -32768, 32767)
    return clipped.astype(np.int16)
