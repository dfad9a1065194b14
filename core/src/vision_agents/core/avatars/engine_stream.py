"""The sound of a synchroniser: an audio stream that plays from its engine."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from vision_agents.core.media.audio_stream import AudioOutputStream
from vision_agents.core.media.signal import Signal

if TYPE_CHECKING:
    from collections.abc import Callable

    import av

    from vision_agents.core.media.audio_stream import AudioSink
    from vision_agents.core.media.pcm import PcmData
    from vision_agents.core.sync.engine import SyncEngine
    from vision_agents.core.sync.report import SyncReport

__all__ = ["EngineStream"]

_log = logging.getLogger(__name__)

_PULLS_PER_REPORT = 50


class EngineStream(AudioOutputStream):
    """Plays from an engine, cuts sound and pictures as one, and makes the reports."""

    def __init__(
        self,
        engine: SyncEngine[av.VideoFrame],
        on_cut: Callable[[], None],
        on_park: Callable[[], None],
    ) -> None:
        super().__init__(playout=engine)
        self.last_report: SyncReport | None = None
        self._engine = engine
        self._on_cut = on_cut
        self._on_park = on_park
        self._pulled = Signal()
        self._pulls = 0
        self._lead_s = 0.0
        self._report_callbacks: list[Callable[[SyncReport], None]] = []

    def cut(self) -> None:
        self._on_cut()
        super().cut()
        self._pulled.notify()

    def shut(self) -> None:
        """Close, and drop what is queued."""
        self.clear()
        self.close()
        self._pulled.notify()

    async def park(self, timeout_s: float | None) -> None:
        """Wait for a pull: nothing more is written before."""
        self._engine.source.parked = True
        self._arrived.notify()  # whoever waits offline for more had better not
        self._on_park()
        try:
            await self._pulled.wait(timeout_s)
        finally:
            self._engine.source.parked = False

    def _give_up(self) -> None:
        self._engine.source.given_up = True

    def attach_sink(self, sink: AudioSink | None) -> None:
        super().attach_sink(sink)
        self._lead_s = 0.0
        self._engine.lead(0.0, self.now_s())

    def pull(self, samples: int, rate_hz: int, now_s: float, channels: int = 1) -> PcmData:
        if self._sink is not None and self._sink.queued_s() > self._lead_s:
            self._lead_s = self._sink.queued_s()  # so full it is kept, as far as is known
            self._engine.lead(self._lead_s, now_s)
        return super().pull(samples, rate_hz, now_s, channels)

    def _take(self, samples: int, rate_hz: int, channels: int, now_s: float) -> PcmData:
        out = super()._take(samples, rate_hz, channels, now_s)
        self._engine.source.parked = (
            False  # it is about to look again: the next pull waits for that
        )
        self._pulled.notify()
        self._pulls += 1
        if self._pulls % _PULLS_PER_REPORT == 0:
            self.make_report()
        return out

    def make_report(self) -> SyncReport:
        report = self.last_report = self._engine.report(self.now_s())
        for callback in tuple(self._report_callbacks):
            try:
                callback(report)
            except Exception:  # a boundary: a listener's fault must not stop the sound
                _log.exception("a sync report callback failed")
        return report

    def on_report(self, callback: Callable[[SyncReport], None]) -> Callable[[], None]:
        self._report_callbacks.append(callback)

        def unsubscribe() -> None:
            if callback in self._report_callbacks:
                self._report_callbacks.remove(callback)

        return unsubscribe
