"""What falls short of a scenario's limits."""

from __future__ import annotations

from syncmeter.analysis import Summary
from syncmeter.scenario import Scenario

ONE_FRAME_MS = 20.1


def shortfalls(scenario: Scenario, seen: Summary, tolerance_ms: float = 0.0) -> list[str]:
    """A line for each limit that was passed; ``tolerance_ms`` more is allowed to each time."""
    limits, flushed = scenario.limits, bool(scenario.flushes)
    times: list[tuple[str, float, float | None]] = [
        ("|offset| p95", seen.p95, limits.p95),
        ("|offset| p99", seen.p99, limits.p99),
        ("old speech in the next utterance", seen.leak, 0.0),
        ("latency of the sound", seen.latency, limits.latency),
        ("silence inserted in speech", seen.gap, limits.gap),
    ]
    counts: list[tuple[str, int, int | None]] = [("pictures backwards", seen.backwards, 0)]
    if flushed:
        times.append(("|offset| max after a flush", seen.after_flush_max, limits.p99))
    else:
        times.append(("speech lost or doubled", seen.wrong, 1.0))
        counts.append(("beeps lost", seen.beeps_lost, 0))
        counts.append(("flashes lost", seen.flashes_lost, limits.flashes_lost))
    if flushed and not scenario.inflight_s:
        times.append(("old sound after a flush until", seen.flush_sound, ONE_FRAME_MS))
        counts.append(("old pictures after a flush", seen.flush_pictures, 0))
    return [
        *(
            f"{what} {value:g} ms > {limit + tolerance_ms:g}"
            for what, value, limit in times
            if limit is not None and value > limit + tolerance_ms
        ),
        *(f"{what} {n} > {most}" for what, n, most in counts if most is not None and n > most),
    ]
