"""How long media wait before they are heard: silence is let in and left out to keep it so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vision_agents.core.media.levels import LOUD, peak
from vision_agents.core.sync import policy

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vision_agents.core.media.fifo import PcmFifo, PcmReader, Span
    from vision_agents.core.sync.pictures import PictureQueue
    from vision_agents.core.sync.playhead import Playhead
    from vision_agents.core.sync.report import Counters
    from vision_agents.core.sync.sound import SoundLine, Stretch

__all__ = ["DelayControl", "Source"]

_TAIL_SAMPLES = 480


@dataclass(slots=True)
class Source:
    """What is known of the source of the media, apart from what it sends."""

    on_demand: bool = False
    """It makes its media when they are asked for."""
    parked: bool = False
    """It waits for demand: what is missing will not come before time moves on."""
    given_up: bool = False
    """Offline: nothing came for as long as the reader would wait; until something does."""

    @property
    def silent(self) -> bool:
        """Whether waiting for more is in vain."""
        return self.parked or self.given_up


@dataclass(slots=True)
class _Hold:
    """The sound stopped in mid-speech at ``position_s``."""

    position_s: float
    delay_s: float
    spent_s: float = 0.0


class DelayControl:
    """Decides how much silence goes out before the next sound.

    Between two stretches of sound as much as keeps the delay at its target; within one none,
    unless the next sound is not there, pictures keep coming late for it, or the delay has to
    change and it is quiet anyway.
    """

    def __init__(
        self,
        fifo: PcmFifo,
        sound: SoundLine,
        pictures: PictureQueue[Any],
        playhead: Playhead,
        counters: Counters,
        source: Source,
    ) -> None:
        self.lead_s = 0.0
        """How long sound waits behind the engine until it is heard."""
        self.stretch: Stretch | None = None
        """The one that plays; None in silence."""
        self._fifo, self._sound, self._pictures = fifo, sound, pictures
        self._playhead, self._counters, self._source = playhead, counters, source
        self._hold: _Hold | None = None
        self._last: NDArray[np.int16] = np.zeros(0, np.int16)  # the sound given out last
        self._quiet_s = 0.0  # how long that has been silent
        self._short_since_s: float | None = None  # since when pictures are late for their sound

    @property
    def target_s(self) -> float:
        """How long media should wait, for the jitter seen."""
        if self._source.on_demand:
            return policy.DEPTH_S
        jitter = max(self._sound.jitter_s, self._pictures.jitter_s)
        return self.lead_s + max(policy.DEPTH_S, policy.PULL_S + jitter)

    @property
    def holding(self) -> bool:
        """Whether the sound has stopped in mid-speech and is waited for."""
        return self._hold is not None

    def rest(self, now_s: float, for_s: float) -> None:
        """Nobody speaks ``for_s`` from now on."""
        self.stretch = None
        self._settle(now_s, for_s)

    def cut(self) -> None:
        """What is queued was dropped."""
        self.stretch = self._hold = None
        self._quiet_s = 0.0

    def note(self, got: NDArray[np.int16], rate_hz: int) -> bool:
        """Remember what was given out; whether it was loud."""
        if not got.size:
            return False
        loud = peak(got) > LOUD
        self._last = got
        self._quiet_s = 0.0 if loud else self._quiet_s + got.shape[-1] / rate_hz
        return loud

    def silence_before(
        self, reader: PcmReader, now_s: float, left_s: float, spans: list[Span]
    ) -> float:
        """Seconds of silence that go out before the next sound; 0 when it is due."""
        if reader.available_s < 1e-9:
            return self._starve(now_s, left_s)
        if self._hold is not None and self._scanty(reader, now_s):
            return self._keep_holding(now_s, left_s)
        stretch = self._sound.stretch()
        if stretch is self.stretch:
            if self._hold is None:
                return self._adapt(reader, now_s, left_s, spans)
            self._hold = None
            return 0.0
        captured_s = self._sound.captured_s(reader.head_s, now_s)
        wait_s = captured_s + self.target_s - now_s
        hold = self._hold
        noticed_late = stretch.seamless and self.stretch is not None
        short_hole = hold is not None and hold.position_s + policy.BREAK_MOST_S > captured_s
        if noticed_late or short_hole:
            wait_s = 0.0
        if wait_s > 1e-5:
            self._hold = None
            self._settle(now_s, left_s)
            return min(wait_s, left_s)
        self.stretch, self._hold = stretch, None
        return 0.0

    # ------------------------------------------------------------------ when the sound is out
    def _starve(self, now_s: float, left_s: float) -> float:
        """Nothing is there: the utterance is over, or the network is late in mid-speech."""
        if self._hold is None and self.stretch is not None:
            cut = peak(self._last[..., -_TAIL_SAMPLES:]) > LOUD
            cut = cut and not self._source.silent
            position_s = self._playhead.at(now_s)
            if cut:
                self._hold = _Hold(position_s, now_s - position_s)
            else:
                self.stretch = None
        if self._hold is not None:
            return self._keep_holding(now_s, left_s)
        self._settle(now_s, left_s)
        return left_s

    def _scanty(self, reader: PcmReader, now_s: float) -> bool:
        """Whether so little came after a hole that another hole would follow at once."""
        fresh = now_s - (self._sound.arrived_s or 0.0) < 2 * policy.REBUFFER_S
        return fresh and not self._fifo.ends and reader.available_s < policy.REBUFFER_S - 1e-6

    def _keep_holding(self, now_s: float, left_s: float) -> float:
        """Silence in mid-speech: the picture waits too, within reason."""
        hold = self._hold
        assert hold is not None
        arrived_s = self._pictures.arrived_s
        if arrived_s is not None and now_s - arrived_s < policy.HOLD_SILENT_S:
            hold.spent_s += left_s
        if hold.spent_s > policy.HOLD_S or self._source.silent:
            self._hold = self.stretch = None
            self._playhead.play(now_s, now_s - hold.delay_s)
        else:
            self._counters.inserted_silence_s += left_s
            self._playhead.play(now_s, hold.position_s, 0.0)
        return left_s

    def _settle(self, now_s: float, for_s: float) -> None:
        """Silence: let the delay drift to its target, pictures a little faster or slower."""
        delay_s = now_s - self._playhead.at(now_s)
        excess_s = delay_s - self.target_s
        rate = 1.0
        if excess_s > policy.DEPTH_SLACK_S / 4:
            rate += min(excess_s / for_s, 1.0)
        elif excess_s < -policy.DEPTH_SLACK_S / 4:
            rate -= min(-excess_s / for_s, 0.25)
        self._playhead.play(now_s, now_s - delay_s, rate)

    def _adapt(self, reader: PcmReader, now_s: float, left_s: float, spans: list[Span]) -> float:
        """Mend the delay while sound goes on: leave silence out, or let silence in."""
        captured_s = self._sound.captured_s(reader.head_s, now_s)
        delay_s = now_s - captured_s
        if self._quiet_s:
            excess_s = delay_s - self.target_s
            if excess_s > policy.DEPTH_SLACK_S:
                self._shorten(reader, excess_s, spans)
                return 0.0
            if excess_s < -policy.DEPTH_SLACK_S and self._is_quiet(policy.REBUFFER_S):
                self._playhead.play(now_s, captured_s, 0.0)
                return min(-excess_s, left_s)
        return self._wait_for_pictures(delay_s, now_s, left_s)

    def _wait_for_pictures(self, delay_s: float, now_s: float, left_s: float) -> float:
        """Silence that lets pictures be in time which come late again and again."""
        short_s = 0.0 if self._source.on_demand else self._pictures.needs_s - delay_s
        if self._short_since_s is None:
            if short_s > policy.DEPTH_SLACK_S:
                self._short_since_s = now_s
            return 0.0
        if short_s <= 1e-4 or short_s > policy.JITTER_MOST_S:
            self._short_since_s = None
            return 0.0
        sure = self._pictures.clock.held_s > 0 or now_s - self._short_since_s >= policy.LATE_S
        if not sure and not self._is_quiet(policy.REBUFFER_S):
            return 0.0
        wait_s = min(short_s, left_s)
        self._counters.inserted_silence_s += wait_s
        self._playhead.play(now_s, now_s - delay_s, 0.0)
        return wait_s

    def _is_quiet(self, for_s: float) -> bool:
        return self._fifo.peek_level(for_s) <= LOUD

    def _shorten(self, reader: PcmReader, excess_s: float, spans: list[Span]) -> None:
        """Leave out what is silent and not needed as a pause."""
        step_s = policy.REBUFFER_S
        while excess_s > policy.DEPTH_SLACK_S and self._quiet_s >= policy.SILENCE_KEPT_S:
            if reader.available_s < 2 * step_s or not self._is_quiet(2 * step_s):
                break
            count, more = reader.skip(round(step_s * reader.rate_hz))
            spans += more
            skipped_s = count / reader.rate_hz
            self._counters.shortened_silence_s += skipped_s
            excess_s -= skipped_s
