"""Measurements are summed where they are taken and above, under names that exist."""

from __future__ import annotations

import pytest

from vision_agents.core.errors import ConfigError
from vision_agents.core.metrics import INSTRUMENTS, Measurement, MetricsCollector


def test_counters_sum_and_values_average() -> None:
    metrics = MetricsCollector()
    metrics.add("avatar.errors", provider="anam", error_type="AuthError")
    metrics.add("avatar.errors", 2)
    metrics.record("avatar.join.latency.ms", 100)
    metrics.record("avatar.join.latency.ms", 300)
    assert metrics.to_dict() == {
        "avatar_errors__total": 3,
        "avatar_join_latency_ms__avg": 200,
    }
    summary = metrics.summary("avatar.join.latency.ms")
    assert (summary.lowest, summary.highest, summary.count) == (100, 300, 2)
    assert metrics.summary("avatar.failovers").average == 0


def test_a_child_forwards_and_keeps_its_own() -> None:
    agent, avatar = MetricsCollector(), MetricsCollector()
    avatar.add("avatar.sessions")
    agent.merge(avatar)
    avatar.add("avatar.sessions")
    assert avatar.to_dict() == {"avatar_sessions__total": 2}
    assert agent.to_dict() == {"avatar_sessions__total": 1}


def test_an_exporter_gets_each_measurement_of_the_tree_once() -> None:
    root, middle, leaf = MetricsCollector(), MetricsCollector(), MetricsCollector()
    root.merge(middle)
    middle.merge(leaf)
    exported: list[Measurement] = []
    stop = root.subscribe(exported.append)
    leaf.add("avatar.failovers", provider="anam")
    stop()
    leaf.add("avatar.failovers", provider="anam")
    assert exported == [Measurement("avatar.failovers", 1, {"provider": "anam"})]


def test_no_collector_is_its_own_ancestor() -> None:
    a, b, c = MetricsCollector(), MetricsCollector(), MetricsCollector()
    a.merge(b)
    b.merge(c)
    for child in (a, c):
        with pytest.raises(ValueError, match="own parent"):
            child.merge(a)


def test_names_are_checked() -> None:
    metrics = MetricsCollector()
    with pytest.raises(ConfigError, match=r"did you mean 'avatar\.errors'"):
        metrics.add("avatar.error")
    with pytest.raises(ConfigError, match=r"use record\(\)"):
        metrics.add("avatar.join.latency.ms")
    with pytest.raises(ConfigError, match="no metric is named"):
        metrics.summary("x")


def test_every_instrument_is_described() -> None:
    assert all(i.name == name and i.help for name, i in INSTRUMENTS.items())
