"""Playback truth on a stream: what was sent into one stream, against what left another."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import numpy as np

from vision_agents.core.media.levels import LOUD
from vision_agents.core.media.playback_events import (
    PlaybackEvent,
    ProviderMark,
    UtteranceFinished,
)
from vision_agents.core.media.signal import Signal
from vision_agents.core.media.utterances import UtteranceTracker

if TYPE_CHECKING:
    from vision_agents.core.media.audio_stream import AudioOutputStream
    from vision_agents.core.media.chunks import AudioOutputChunk
    from vision_agents.core.media.fifo import Span
    from vision_agents.core.media.pcm import PcmData

__all__ = ["Playback"]

_log = logging.getLogger(__name__)


class Playback:
    """Tells what the listener heard of each utterance.

    An output stream owes what was sent into the stream it follows: the agent's speech. A stream
    that follows nobody owes what is sent into itself. Events come synchronously from the pull
    that releases the sound, so callbacks must be quick; one that raises is logged, and the rest
    go on.
    """

    def __init__(self, stream: AudioOutputStream) -> None:
        self.tracker = UtteranceTracker()
        self._stream = stream
        self._followed: AudioOutputStream | None = None
        self._callbacks: list[Callable[[PlaybackEvent], None]] = []
        self._finished: dict[int, UtteranceFinished] = {}
        self._changed = Signal()

    def follow(self, stream: AudioOutputStream, *, tagged: bool = False) -> None:
        """From now on, what is sent into ``stream`` is what this output owes. Idempotent.

        What the output owed before, such as an avatar's silence while it started, is forgotten.
        ``tagged`` says that the chunks sent into the output name the utterance that they speak,
        that its last one is ``final``, and that everything else has ``utterance_id`` 0.
        """
        if stream is self._followed:
            self.tracker.tagged = self.tracker.tagged or tagged
            return
        if self._followed is not None:
            self._followed.followers.remove(self)
            self.tracker = UtteranceTracker()
        self.tracker.tagged = tagged
        self._followed = stream
        stream.followers.append(self)

    def subscribe(self, callback: Callable[[PlaybackEvent], None]) -> Callable[[], None]:
        """Call ``callback`` with each event; returns what ends that."""
        self._callbacks.append(callback)

        def unsubscribe() -> None:
            if callback in self._callbacks:
                self._callbacks.remove(callback)

        return unsubscribe

    @property
    def current(self) -> int | None:
        """The utterance being heard or owed next; None when nothing is owed."""
        return self.tracker.current

    def heard_s(self, utterance_id: int) -> float:
        """Seconds of the utterance that have left towards the listener."""
        return self.tracker.heard_s(utterance_id)

    async def wait_finished(
        self, utterance_id: int, timeout_s: float | None = None
    ) -> UtteranceFinished:
        """Wait until the utterance is over, also when it already is. The watchdog of the tracker
        bounds the wait once the utterance's end was sent; cancelling it is harmless.

        Raises:
            TimeoutError: not over after ``timeout_s``.
        """
        async with asyncio.timeout(timeout_s):
            while not self._is_over(utterance_id):
                self._stream.advance()
                self._emit(self.tracker.tick(self._stream.now_s()))
                if self._is_over(utterance_id):
                    break
                await self._changed.wait(0.25)  # looks by itself: nobody may pull
        return self._finished[utterance_id]

    async def wait_owed(self) -> None:
        """Wait until something is owed to the listener: sent and not yet finished."""
        while self.current is None:
            await self._changed.wait(0.25)

    def _is_over(self, utterance_id: int) -> bool:
        return utterance_id in self._finished and not self.tracker.owes(utterance_id)

    def provider_report(self, mark: ProviderMark) -> None:
        """A hint from the provider about its own playback."""
        self._emit(self.tracker.report(mark, self._stream.now_s()))

    # --------------------------------------------------------- told by the two streams
    def on_sent(self, chunk: AudioOutputChunk, *, exact: bool) -> None:
        data = chunk.data
        self._emit(
            self.tracker.sent(
                chunk.utterance_id,
                data.duration if data is not None else 0.0,
                self._stream.now_s(),
                marks=chunk.marks,
                final=chunk.final,
                loud=None if exact or data is None else _loud_part(data),
                exact=exact,
            )
        )
        self._changed.notify()  # wait_owed

    def on_cut(self) -> None:
        self.tracker.cut(self._stream.now_s())

    def on_played(
        self, spans: Iterable[Span], loud: bool, at_s: float, *, heard: bool = True
    ) -> None:
        if self.tracker.current is not None:
            self._emit(self.tracker.played(spans, loud, at_s, heard=heard))

    def on_silence(self, duration_s: float, at_s: float) -> None:
        if self.tracker.current is not None:
            self._emit(self.tracker.silent(duration_s, at_s))

    def on_flushed(self, unheard_s: float = 0.0) -> None:
        self._emit(self.tracker.flushed(self._stream.now_s(), unheard_s))

    def on_closed(self) -> None:
        self._emit(self.tracker.closed(self._stream.now_s()))

    def _emit(self, events: list[PlaybackEvent]) -> None:
        for event in events:
            if isinstance(event, UtteranceFinished):
                self._finished[event.utterance_id] = event
                while len(self._finished) > 256:
                    del self._finished[next(iter(self._finished))]
            for callback in tuple(self._callbacks):
                try:
                    callback(event)
                except Exception:  # a boundary: a listener's fault must not stop the sound
                    _log.exception("a playback callback failed")
        if events:
            self._changed.notify()


def _loud_part(pcm: PcmData) -> tuple[float, float] | None:
    """Where the sound is first and last loud, in seconds; None where it never is."""
    samples = pcm.to_int16().samples
    if samples.ndim == 2:
        samples = np.abs(samples.astype(np.int32)).max(axis=0)
    loud = np.flatnonzero((samples > LOUD) | (samples < -LOUD))
    if not len(loud):
        return None
    return float(loud[0]) / pcm.sample_rate, float(loud[-1] + 1) / pcm.sample_rate
