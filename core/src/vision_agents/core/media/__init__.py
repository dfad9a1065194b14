"""Sound and pictures: samples, time stamps, queues. Knows no network and no avatar."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vision_agents.core.media.pcm import PcmData, PcmLike, as_pcm
    from vision_agents.core.media.resample import Resampler
else:

    def __getattr__(name: str) -> object:
        if name in {"PcmData", "PcmLike", "as_pcm"}:  # lazily: they need numpy
            from vision_agents.core.media import pcm

            return getattr(pcm, name)
        if name == "Resampler":
            from vision_agents.core.media.resample import Resampler

            return Resampler
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = ["PcmData", "PcmLike", "Resampler", "as_pcm"]
