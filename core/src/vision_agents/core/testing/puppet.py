"""The service's side of an avatar, played: sound comes in fast, a face comes out in real time.

Every stand-in for a provider needs the same inside: speech arrives faster than real time, playout
begins after a render latency, starves when the speech stops without an end, and is cut by an
interrupt. ``Puppet`` is that inside without any I/O: one ``step`` is one picture and the sound
that belongs to it; whoever drives it paces the steps and sends both wherever the service would.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    import av
    from numpy.typing import NDArray

    Samples = NDArray[np.int16]
    Draw = Callable[[Samples], av.VideoFrame]


@dataclass(frozen=True, slots=True)
class Began:
    """The first sample of the utterance is in this step."""

    utterance: str


@dataclass(frozen=True, slots=True)
class Ended:
    """Nothing more of the utterance comes; ``position_s`` of it was played."""

    utterance: str
    position_s: float
    interrupted: bool


@dataclass(frozen=True, slots=True)
class Starved:
    """The utterance has neither samples nor an end; said once per drought."""

    utterance: str


PuppetEvent = Began | Ended | Starved


@dataclass(frozen=True, slots=True)
class Step:
    """One picture period: ``samples`` is mono s16 at the puppet's rate."""

    samples: Samples
    frame: av.VideoFrame
    events: tuple[PuppetEvent, ...]


@dataclass(slots=True)
class _Utterance:
    name: str
    parts: deque[Samples] = field(default_factory=deque)
    due_step: int = 0
    played: int = 0
    complete: bool = False
    began: bool = False
    starved: bool = False


class Puppet:
    """Turns queued speech into steps of sound and picture.

    ``draw(samples)`` makes the picture of one step from the sound of that step and is called once
    per step, also in silence; while an utterance starves the last picture is handed out again, as
    services do. Not thread-safe: one task owns it.
    """

    def __init__(
        self, draw: Draw, *, rate_hz: int, fps: int | Fraction, latency_s: float = 0.5
    ) -> None:
        self.rate_hz = rate_hz
        self.fps = Fraction(fps)
        self._draw = draw
        self._latency_steps = round(latency_s * self.fps)
        self._queue: deque[_Utterance] = deque()
        self._cut: list[PuppetEvent] = []
        self._step = 0
        self._frame: av.VideoFrame | None = None

    @property
    def speaking(self) -> bool:
        """Whether an utterance is queued or being played."""
        return bool(self._queue)

    def speak(self, utterance: str, samples: Samples) -> None:
        """Queue ``samples`` (mono s16) for ``utterance``; a new name opens a new utterance."""
        if not len(samples):
            return
        if not self._queue or self._queue[-1].name != utterance or self._queue[-1].complete:
            due = self._step + self._latency_steps
            self._queue.append(_Utterance(utterance, due_step=due))
        self._queue[-1].parts.append(samples)

    def end(self, utterance: str) -> None:
        """No more samples come for ``utterance``; one that never had any is forgotten."""
        for queued in self._queue:
            if queued.name == utterance:
                queued.complete = True

    def interrupt(self) -> bool:
        """Drop all that is queued; whether there was anything. The end is told by the next step."""
        had = bool(self._queue)
        for queued in self._queue:
            if queued.began:
                self._cut.append(Ended(queued.name, queued.played / self.rate_hz, True))
        self._queue.clear()
        return had

    def step(self) -> Step:
        """The next picture period."""
        events, self._cut = self._cut, []
        count = self._samples_until(self._step + 1) - self._samples_until(self._step)
        samples = np.zeros(count, np.int16)
        frozen = self._play(samples, events)
        self._step += 1
        if self._frame is None or not frozen:
            self._frame = self._draw(samples)
        return Step(samples, self._frame, tuple(events))

    def _samples_until(self, step: int) -> int:
        return int(step * self.rate_hz / self.fps)

    def _play(self, out: Samples, events: list[PuppetEvent]) -> bool:
        """Fill ``out`` from the queue; whether the picture freezes for want of speech."""
        filled = 0
        while self._queue and filled < len(out):
            now = self._queue[0]
            if self._step < now.due_step:
                return False
            if now.parts and not now.began:
                now.began = True
                events.append(Began(now.name))
            filled = _pour(now, out, filled)
            if now.parts:
                return False
            if not now.complete:
                return filled < len(out) and self._starve(now, events)
            self._queue.popleft()
            events.append(Ended(now.name, now.played / self.rate_hz, False))
        return False

    def _starve(self, now: _Utterance, events: list[PuppetEvent]) -> bool:
        if not now.starved:
            now.starved = True
            events.append(Starved(now.name))
        return True


def _pour(source: _Utterance, out: Samples, filled: int) -> int:
    """Move samples of ``source`` into ``out`` from index ``filled``; the new fill."""
    while source.parts and filled < len(out):
        part = source.parts.popleft()
        take = min(len(part), len(out) - filled)
        out[filled : filled + take] = part[:take]
        if take < len(part):
            source.parts.appendleft(part[take:])
        filled += take
        source.played += take
        source.starved = False
    return filled


def flash_draw(width: int, height: int, fps: int) -> Draw:
    """A ``draw`` whose pictures lip-sync can be read from: what a stand-in shows as its face."""
    from vision_agents.core.testing.markers import FlashRenderer

    return FlashRenderer(width, height, fps).frame
