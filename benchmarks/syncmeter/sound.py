"""What was heard: when each marker sounded, and where the speech had holes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from syncmeter.scenario import Scenario
from syncmeter.script import Marker, Script
from syncmeter.signal import BURST_BASE, BURST_STEP, OUTPUT_RATE_HZ, speech_level

_PAUSE_S = 0.4
"""A longer hole separates two pieces of speech."""
_FAINT = 8
_ZEROS_S = 0.002


class Heard:
    """All the sound that left, as one."""

    def __init__(self, sound: list[tuple[float, NDArray[np.int16]]]) -> None:
        self.level: NDArray[np.int32] = np.abs(
            np.concatenate([samples for _, samples in sound]).astype(np.int32)
        )
        self._starts = np.cumsum([0, *(len(samples) for _, samples in sound[:-1])])
        self._times = np.array([at_s for at_s, _ in sound])

    def when_s(self, index: int) -> float:
        part = int(np.searchsorted(self._starts, index, side="right")) - 1
        return float(self._times[part] + (index - self._starts[part]) / OUTPUT_RATE_HZ)

    def frame_s(self, index: int) -> float:
        """When the 20 ms frame that holds the sample was handed out."""
        return float(self._times[int(np.searchsorted(self._starts, index, side="right")) - 1])

    def onsets(self, script: Script) -> dict[int, float]:
        """When the first sample of each marker left."""
        if script.scenario.rate_hz == OUTPUT_RATE_HZ:
            return self._by_level(script.markers)
        return self._by_position(script.markers)

    def _by_level(self, markers: list[Marker]) -> dict[int, float]:
        out: dict[int, float] = {}
        for index in _rising(self.level >= BURST_BASE - BURST_STEP // 2):
            number = round((int(self.level[index]) - BURST_BASE) / BURST_STEP)
            out.setdefault(number, self.when_s(index))
        return {marker.number: out[marker.number] for marker in markers if marker.number in out}

    def _by_position(self, markers: list[Marker]) -> dict[int, float]:
        """Resampled levels are not exact, but no speech is ever dropped: the count of samples
        that are not silence says which marker a burst is."""
        speech = np.cumsum(~self.silent())
        places = np.array([marker.media_s for marker in markers])
        out: dict[int, float] = {}
        last = -OUTPUT_RATE_HZ
        for index in _rising(self.level > BURST_BASE // 2):
            if index - last > OUTPUT_RATE_HZ // 10:  # not the same burst's next period
                media_s = speech[index] / OUTPUT_RATE_HZ
                nearest = int(np.argmin(np.abs(places - media_s)))
                out.setdefault(markers[nearest].number, self.when_s(index))
                last = index
        return out

    def silent(self) -> NDArray[np.bool_]:
        """Where nothing at all sounds for at least 2 ms; a square wave crosses zero faster."""
        silent = self.level <= _FAINT
        edges = np.flatnonzero(np.diff(np.concatenate(([False], silent, [False])).astype(np.int8)))
        for first, end in edges.reshape(-1, 2):
            if end - first < _ZEROS_S * OUTPUT_RATE_HZ:
                silent[first:end] = False
        return silent

    def speech(self, utterance: int) -> NDArray[np.intp]:
        """Indices of the samples of one utterance's carrier."""
        return np.flatnonzero(self.level == speech_level(utterance))

    def gap_and_leak_ms(self, scenario: Scenario) -> tuple[float, float]:
        """Silence inserted inside utterances; and speech held back at the end of an utterance
        that came out with the next one."""
        gap = leak = 0
        if scenario.rate_hz != OUTPUT_RATE_HZ:
            silent = self.silent()
            sounding = np.flatnonzero(~silent)
            return float(silent[sounding[0] : sounding[-1]].sum()) / OUTPUT_RATE_HZ * 1000, 0.0
        for utterance in range(len(scenario.utterances)):
            own = self.speech(utterance)
            if not len(own):
                continue
            pauses = np.flatnonzero(np.diff(own) > OUTPUT_RATE_HZ * _PAUSE_S)
            if len(scenario.utterances) > 1 and len(pauses) and not scenario.flushes:
                leak += len(own) - 1 - int(pauses[-1])
                own = own[: pauses[-1] + 1]
            gap += int((self.level[own[0] : own[-1]] == 0).sum())
        return gap / OUTPUT_RATE_HZ * 1000, leak / OUTPUT_RATE_HZ * 1000

    def lost_or_doubled_ms(self, script: Script) -> float:
        """Speech missing or heard twice, over the utterances that nobody cut."""
        scenario = script.scenario
        if scenario.rate_hz != OUTPUT_RATE_HZ:
            sent_s = sum(len(packet.samples) for packet in script.sound) / scenario.rate_hz
            return abs(float((~self.silent()).sum()) / OUTPUT_RATE_HZ - sent_s) * 1000
        sent = np.abs(np.concatenate([p.samples for p in script.sound]).astype(np.int32))
        wrong = 0
        for utterance in range(len(scenario.flushes), len(scenario.utterances)):
            wrong += abs(int((sent == speech_level(utterance)).sum()) - len(self.speech(utterance)))
        return wrong / OUTPUT_RATE_HZ * 1000


def _rising(true: NDArray[np.bool_]) -> list[int]:
    """Where a run of True begins."""
    before = np.concatenate(([False], true[:-1]))
    return [int(index) for index in np.flatnonzero(true & ~before)]
