"""Holds for the tests of every distribution: nothing may outlive a test, and figures are shown."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from vision_agents.core.testing.leaks import nothing_left_behind

__all__ = ["figure", "nothing_left_behind", "pytest_terminal_summary"]

FIGURES = pytest.StashKey[list[str]]()


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """A function that notes a measured figure; all are printed after the tests."""
    return request.config.stash.setdefault(FIGURES, []).append


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the figures."""
    if figures := config.stash.get(FIGURES, []):
        terminalreporter.section("measured")
        for line in figures:
            terminalreporter.write_line(line)
