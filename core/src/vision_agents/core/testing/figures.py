"""The figures of a measured call: what is promised of every provider, end to end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import numpy as np

from vision_agents.core.testing.markers import MARKERS, MARKERS_PER_UTTERANCE

if TYPE_CHECKING:
    from vision_agents.core.testing.markers import MarkerReport
    from vision_agents.core.testing.viewer import MeasuredCall, Spoken

PAUSE_S = 0.7
MARKER_EVERY_S = 0.5


@dataclass(frozen=True, slots=True)
class CallFigures:
    """Of one call, at the published tracks; offsets are picture minus sound (positive: late)."""

    length_error_ms: float
    """The largest difference of heard to sent, over the utterances that were not interrupted."""
    longest_gap_ms: float
    """The longest silence inside an utterance."""
    markers_missing: tuple[int, ...]
    """First and last markers of utterances that were not both heard and seen."""
    offset_median_ms: float
    offset_p95_ms: float
    """Of the distance from zero."""
    offset_spread_p95_ms: float
    """Of the distance from the median: what is left when a constant is taken out."""
    sound_after_interrupt_ms: float
    """The longest time that old sound went on after an interrupt."""
    markers: int
    """How many offsets were measured."""

    def __str__(self) -> str:
        return (
            f"{self.markers} markers: offset median {self.offset_median_ms:+.1f} ms, "
            f"p95 {self.offset_p95_ms:.1f} ms (spread {self.offset_spread_p95_ms:.1f} ms); "
            f"length within {self.length_error_ms:.1f} ms, longest gap "
            f"{self.longest_gap_ms:.1f} ms, after an interrupt "
            f"{self.sound_after_interrupt_ms:.1f} ms; missing {list(self.markers_missing)}"
        )


@dataclass(frozen=True, slots=True)
class Bars:
    """What a call has to keep to; milliseconds."""

    length_error_ms: float = 20.0
    longest_gap_ms: float = 20.0
    offset_p95_ms: float = 45.0
    sound_after_interrupt_ms: float = 20.0
    """The 20 ms under way. The viewer adds nothing: it pulls and looks at the clock in one turn of
    the event loop, so that an interrupt is before both or after both."""

    def missed(self, seen: CallFigures) -> list[str]:
        """What ``seen`` falls short of, in words; empty when it keeps to all."""
        short = [
            f"{bar.name}: {value:.1f} > {limit:g}"
            for bar in fields(self)
            if (value := getattr(seen, bar.name)) > (limit := getattr(self, bar.name))
        ]
        lost = [f"markers lost: {list(seen.markers_missing)}"] if seen.markers_missing else []
        return short + lost


def relative_to(seen: CallFigures, report: MarkerReport, control_ms: float) -> CallFigures:
    """``seen`` with its offsets taken from ``control_ms``: what the path does to any receiver."""
    return replace(
        seen,
        offset_median_ms=report.median_ms - control_ms,
        offset_p95_ms=report.p95_ms(control_ms),
    )


async def settled_figures(
    measure: Callable[[], Awaitable[CallFigures]], bars: Bars, *, attempts: int = 3
) -> CallFigures:
    """The first of up to ``attempts`` calls that keeps to ``bars``, or else the last one.

    A machine that is busy with other things makes holes and delays of its own, in the stand-in as
    much as in what is tested; a fault of the code is there in every attempt.
    """
    for _ in range(attempts - 1):
        seen = await measure()
        if not bars.missed(seen):
            return seen
    return await measure()


async def five_utterances(call: MeasuredCall) -> CallFigures:
    """Five utterances, three of them interrupted, and what came of them."""
    for duration_s, interrupt_after_s in (
        (3.0, None),
        (4.0, 1.0),
        (4.0, 0.4),
        (4.0, 2.0),
        (3.0, None),
    ):
        await call.say(duration_s, interrupt_after_s=interrupt_after_s, every_s=MARKER_EVERY_S)
        await asyncio.sleep(PAUSE_S)
    return figures(call)


def figures(call: MeasuredCall) -> CallFigures:
    """Judge ``call``; its utterances must have been ``PAUSE_S`` apart."""
    report = call.report()
    offsets = np.array(report.all_offsets or [np.inf])
    median = float(np.median(offsets))
    whole = [s for s in call.spoken if s.interrupted_at_s is None]
    heard = dict(zip([s.utterance_id for s in call.spoken], report.utterances, strict=False))
    errors = [
        abs(end - begin - spoken.sent_s) * 1e3
        for spoken in whole
        if (span := heard.get(spoken.utterance_id)) is not None
        for begin, end in [span]
    ]
    return CallFigures(
        length_error_ms=max(errors) if len(errors) == len(whole) else np.inf,
        longest_gap_ms=max((gap_s for _, gap_s in report.gaps), default=0.0) * 1e3,
        markers_missing=tuple(
            marker
            for spoken in whole
            for marker in _first_and_last(spoken)
            if marker not in report.offsets
        ),
        offset_median_ms=median,
        offset_p95_ms=float(np.percentile(np.abs(offsets), 95)),
        offset_spread_p95_ms=float(np.percentile(np.abs(offsets - median), 95)),
        sound_after_interrupt_ms=max((s.sound_after_interrupt_s for s in call.spoken), default=0.0)
        * 1e3,
        markers=len(report.all_offsets),
    )


def _first_and_last(spoken: Spoken) -> tuple[int, int]:
    first = spoken.utterance_id * MARKERS_PER_UTTERANCE
    count = int((spoken.sent_s - 0.04 - MARKER_EVERY_S / 2) / MARKER_EVERY_S) + 1
    return first % MARKERS, (first + count - 1) % MARKERS
