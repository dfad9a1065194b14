"""Speech cut and timed the way a service wants it."""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING

import numpy as np

from vision_agents.core.media.pcm import PcmData
from vision_agents.core.media.resample import Resampler

if TYPE_CHECKING:
    from vision_agents.core.plugin.records import Capabilities

_EPSILON_S = 1e-6


class Chunker:
    """Resamples speech and cuts it into the service's chunks; signed 16-bit out.

    The first chunk of an utterance is short, since the face waits for it. Later ones are long
    only while the service has enough in hand to play meanwhile; else they are as short as the
    first.
    """

    def __init__(self, capabilities: Capabilities) -> None:
        self._rate_hz = capabilities.sample_rate_hz
        self._channels = capabilities.channels
        self._resampler = Resampler(self._rate_hz, self._channels)
        limit = capabilities.max_chunk_bytes
        self._most = math.inf if limit is None else max(1, limit // (2 * self._channels))
        self._first = self._samples(capabilities.first_chunk_s)
        self._full = max(self._first, self._samples(capabilities.chunk_s))
        self._parts: deque[np.ndarray] = deque()
        self._pending = 0
        self._finished = False

    @property
    def pending_s(self) -> float:
        """Seconds resampled and not yet taken."""
        return self._pending / self._rate_hz

    @property
    def full(self) -> bool:
        """Whether a full chunk waits: push no more before it is taken."""
        return self._pending >= self._full

    def push(self, pcm: PcmData) -> None:
        """Add speech of any rate, channels and format."""
        self._keep(self._resampler.push(pcm))

    def finish(self) -> None:
        """The utterance has ended: give out the rest, however short. Idempotent."""
        if not self._finished:
            self._finished = True
            self._keep(self._resampler.drain())

    def due(self, lead_s: float) -> bool:
        """Whether a chunk should go now, ``lead_s`` being what the service has in hand."""
        if self._finished:
            return self._pending > 0
        return self._pending >= (
            self._full if lead_s >= self._full / self._rate_hz else self._first
        )

    def take(self) -> PcmData:
        """The next chunk; at most a full one."""
        wanted = int(min(self._pending, self._full, self._most))
        parts, have = [], 0
        while have < wanted:
            part = self._parts.popleft()
            spare = have + part.shape[-1] - wanted
            if spare > 0:
                self._parts.appendleft(part[..., -spare:])
                part = part[..., :-spare]
            parts.append(part)
            have += part.shape[-1]
        self._pending -= wanted
        samples = parts[0] if len(parts) == 1 else np.concatenate(parts, axis=-1)
        return PcmData(self._rate_hz, "s16", samples, channels=self._channels)

    def reset(self) -> None:
        """Forget everything, the resampler's tail included; the next utterance begins."""
        self._resampler.discard()
        self._parts.clear()
        self._pending = 0
        self._finished = False

    def _samples(self, seconds: float) -> int:
        return int(max(1, min(round(seconds * self._rate_hz), self._most)))

    def _keep(self, pcm: PcmData) -> None:
        if not pcm.empty:
            self._parts.append(pcm.samples)
            self._pending += len(pcm)


class Pacer:
    """How far ahead of real time a service has been sent; monotonic seconds.

    The clock starts with the first chunk and again whenever the service has run dry.
    """

    def __init__(self, max_lead_s: float | None) -> None:
        self._max_lead_s = math.inf if max_lead_s is None else max_lead_s
        self._dry_at_s = -math.inf

    def lead_s(self, now_s: float) -> float:
        """Seconds of speech the service holds unplayed, were its latency zero."""
        return max(0.0, self._dry_at_s - now_s)

    def due_at_s(self, now_s: float) -> float:
        """When the next chunk may go: as soon as less than the greatest lead is out."""
        return max(now_s, self._dry_at_s - self._max_lead_s)

    def sent(self, duration_s: float, now_s: float) -> None:
        self._dry_at_s = max(self._dry_at_s, now_s) + duration_s

    def reset(self) -> None:
        self._dry_at_s = -math.inf
