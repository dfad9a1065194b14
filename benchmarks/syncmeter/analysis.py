"""From a recording to figures, and from the runs of a scenario to a summary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from syncmeter.run import Recording
from syncmeter.script import LEAD_S, NUMBERS_PER_UTTERANCE, Script
from syncmeter.signal import OUTPUT_RATE_HZ
from syncmeter.sound import Heard


@dataclass
class FlushResult:
    """What was left of an interrupted utterance."""

    sound_until_ms: float = 0.0
    """How long after the flush the last old sample left."""
    pictures: int = 0
    """Old pictures first shown after the flush."""


@dataclass
class RunResult:
    """One run. Times in milliseconds."""

    offsets: list[float] = field(default_factory=list)
    heard_s: list[float] = field(default_factory=list)
    """When each of the offsets' markers was heard."""
    sound_latency: list[float] = field(default_factory=list)
    flashes_lost: int = 0
    beeps_lost: int = 0
    backwards: int = 0
    gap: float = 0.0
    leak: float = 0.0
    wrong: float = 0.0
    flushes: list[FlushResult] = field(default_factory=list)
    offsets_after_flush: list[float] = field(default_factory=list)


def analyse(script: Script, recording: Recording) -> RunResult:
    """Judge nothing, only measure."""
    heard = Heard(recording.sound)
    result = RunResult()
    shown, result.backwards = _shown(recording)
    _offsets(script, heard.onsets(script), shown, result)
    result.gap, result.leak = heard.gap_and_leak_ms(script.scenario)
    result.wrong = heard.lost_or_doubled_ms(script)
    for utterance, at_s in enumerate(script.flushes_s):
        result.flushes.append(_flush(utterance, at_s, heard, shown))
    if script.flushes_s:
        last_s = script.flushes_s[-1]
        pairs = zip(result.heard_s, result.offsets, strict=True)
        result.offsets_after_flush = [offset for at_s, offset in pairs if at_s > last_s]
    return result


def _shown(recording: Recording) -> tuple[dict[int, float], int]:
    """When each picture first left; and how often the pictures went backwards."""
    shown: dict[int, float] = {}
    backwards, previous = 0, -1
    for at_s, number in recording.pictures:
        if number is None:
            continue
        backwards += number < previous
        shown.setdefault(number, at_s)
        previous = number
    return shown, backwards


def _offsets(
    script: Script, onsets: dict[int, float], shown: dict[int, float], result: RunResult
) -> None:
    order = sorted(shown)
    scenario = script.scenario
    for marker in script.markers:
        if marker.arrival_s is None:
            continue
        if marker.number not in onsets:
            result.beeps_lost += 1
            continue
        heard_s = onsets[marker.number]
        # Where its own picture was dropped, the next one shows the mouth as late as it came.
        place = int(np.searchsorted(order, marker.picture))
        utterance = marker.picture // NUMBERS_PER_UTTERANCE
        if place == len(order) or order[place] // NUMBERS_PER_UTTERANCE != utterance:
            result.flashes_lost += 1
            continue
        result.flashes_lost += order[place] != marker.picture
        media_s = heard_s - LEAD_S
        if media_s < scenario.settle_s or any(a <= media_s < b for a, b in scenario.blind_s):
            continue
        result.offsets.append((shown[order[place]] - heard_s) * 1000)
        result.heard_s.append(heard_s)
        result.sound_latency.append((heard_s - marker.arrival_s) * 1000)


def _flush(utterance: int, at_s: float, heard: Heard, shown: dict[int, float]) -> FlushResult:
    result = FlushResult()
    old = heard.speech(utterance)
    if len(old):
        end_s = heard.when_s(int(old[-1])) + 1 / OUTPUT_RATE_HZ
        result.sound_until_ms = max(0.0, end_s - at_s) * 1000
    result.pictures = sum(
        number // NUMBERS_PER_UTTERANCE == utterance and shown_s > at_s
        for number, shown_s in shown.items()
    )
    return result


@dataclass
class Summary:
    """All runs of a scenario: offsets over all of them, faults by the worst. Milliseconds."""

    runs: int
    markers: int
    p50: float
    p95: float
    p99: float
    max: float
    mean: float
    latency: float
    flashes_lost: int
    beeps_lost: int
    backwards: int
    gap: float
    leak: float
    wrong: float
    flush_sound: float
    flush_pictures: int
    after_flush_max: float


def summarise(runs: Sequence[RunResult]) -> Summary:
    """
    Raises:
        ValueError: no marker was both seen and heard.
    """
    offsets = np.array([offset for run in runs for offset in run.offsets])
    if not len(offsets):
        raise ValueError("no marker was both seen and heard")
    sizes = np.abs(offsets)
    flushes = [flush for run in runs for flush in run.flushes]
    after = [abs(offset) for run in runs for offset in run.offsets_after_flush]
    return Summary(
        runs=len(runs),
        markers=len(offsets),
        p50=_percentile(sizes, 50),
        p95=_percentile(sizes, 95),
        p99=_percentile(sizes, 99),
        max=_percentile(sizes, 100),
        mean=round(float(offsets.mean()), 1),
        latency=_percentile([late for run in runs for late in run.sound_latency], 50),
        flashes_lost=max(run.flashes_lost for run in runs),
        beeps_lost=max(run.beeps_lost for run in runs),
        backwards=max(run.backwards for run in runs),
        gap=round(max(run.gap for run in runs), 1),
        leak=round(max(run.leak for run in runs), 2),
        wrong=round(max(run.wrong for run in runs), 2),
        flush_sound=round(max((flush.sound_until_ms for flush in flushes), default=0.0), 1),
        flush_pictures=max((flush.pictures for flush in flushes), default=0),
        after_flush_max=round(max(after, default=0.0), 1),
    )


def _percentile(
    values: Sequence[float] | np.ndarray[tuple[int], np.dtype[np.float64]], q: float
) -> float:
    return round(float(np.percentile(values, q)), 1)
