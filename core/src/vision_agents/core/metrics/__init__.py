"""Counters and averages of a call, with the names monitoring systems expect."""

from __future__ import annotations

from vision_agents.core.metrics.collector import Measurement, MetricsCollector
from vision_agents.core.metrics.instruments import INSTRUMENTS, Instrument

__all__ = ["INSTRUMENTS", "Instrument", "Measurement", "MetricsCollector"]
