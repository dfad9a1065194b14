"""Sums and averages in memory; a child forwards to its parent, an exporter subscribes."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vision_agents.core.errors import ConfigError
from vision_agents.core.metrics.instruments import INSTRUMENTS, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Measurement", "MetricsCollector", "Summary"]


@dataclass(frozen=True, slots=True)
class Measurement:
    """One value as it was taken, for an exporter."""

    name: str
    value: float
    attributes: Mapping[str, str]


@dataclass(slots=True)
class Summary:
    """What is kept of one instrument: enough for totals, averages and extremes."""

    count: int = 0
    total: float = 0.0
    lowest: float = field(default=float("inf"))
    highest: float = field(default=float("-inf"))

    def take(self, value: float) -> None:
        self.count += 1
        self.total += value
        self.lowest = min(self.lowest, value)
        self.highest = max(self.highest, value)

    @property
    def average(self) -> float:
        return self.total / self.count if self.count else 0.0


class MetricsCollector:
    """Takes measurements of one component and passes them to the collector above it.

    The names are those of :data:`~vision_agents.core.metrics.INSTRUMENTS`. Nothing is exported
    by itself: ``subscribe`` hands every measurement of the tree to an exporter once, at its root.
    """

    def __init__(self) -> None:
        self.parent: MetricsCollector | None = None
        self._summaries: dict[str, Summary] = {}
        self._exporters: list[Callable[[Measurement], None]] = []

    def add(self, name: str, amount: float = 1, **attributes: str) -> None:
        """Raise a counter."""
        self._take(Kind.COUNTER, Measurement(name, amount, attributes))

    def record(self, name: str, value: float, **attributes: str) -> None:
        """Take one value, in the unit that ends the name."""
        self._take(Kind.VALUE, Measurement(name, value, attributes))

    def merge(self, child: MetricsCollector) -> None:
        """From now on ``child`` forwards to this collector; what it took before stays with it.

        Raises:
            ValueError: ``child`` is this collector or one above it.
        """
        above: MetricsCollector | None = self
        while above is not None:
            if above is child:
                raise ValueError("a metrics collector cannot become its own parent")
            above = above.parent
        child.parent = self

    def subscribe(self, exporter: Callable[[Measurement], None]) -> Callable[[], None]:
        """Call ``exporter`` for every measurement from here and below; returns the undo.

        It runs inside the measuring code: it must be quick and must not raise.
        """
        self._exporters.append(exporter)
        return lambda: self._exporters.remove(exporter)

    def summary(self, name: str) -> Summary:
        """What was taken under ``name`` so far; an empty summary when nothing was."""
        _instrument_kind(name)
        return self._summaries.get(name, Summary())

    def to_dict(self) -> dict[str, float]:
        """Flat numbers: ``avatar_errors__total``, ``avatar_join_latency_ms__avg``."""
        flat: dict[str, float] = {}
        for name, summary in sorted(self._summaries.items()):
            key = name.replace(".", "_")
            if INSTRUMENTS[name].kind is Kind.COUNTER:
                flat[f"{key}__total"] = summary.total
            else:
                flat[f"{key}__avg"] = summary.average
        return flat

    def _take(self, kind: Kind, measurement: Measurement) -> None:
        if (expected := _instrument_kind(measurement.name)) is not kind:
            raise ConfigError(
                f"{measurement.name!r} is a {expected.value}: use "
                f"{'add' if expected is Kind.COUNTER else 'record'}()"
            )
        collector: MetricsCollector | None = self
        while collector is not None:
            collector._summaries.setdefault(measurement.name, Summary()).take(measurement.value)
            for exporter in tuple(collector._exporters):
                exporter(measurement)
            collector = collector.parent


def _instrument_kind(name: str) -> Kind:
    instrument = INSTRUMENTS.get(name)
    if instrument is None:
        near = difflib.get_close_matches(name, INSTRUMENTS, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ConfigError(f"no metric is named {name!r}{hint}")
    return instrument.kind
