"""How loud a piece of sound is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["LOUD", "peak"]

LOUD = 104
"""Sound below this magnitude (-50 dBFS of 32767) counts as silence."""


def peak(samples: NDArray[Any]) -> int:
    """The largest magnitude on the int16 scale."""
    if not samples.size:
        return 0
    # On 20 ms of sound argmax takes a fifth of the time of max, which is a ufunc's set-up.
    top = max(samples.item(samples.argmax()), -samples.item(samples.argmin()))
    return round(top * 32767) if samples.dtype.kind == "f" else int(top)
