"""The pytest plugin that turns the results of ``AvatarConformance`` into a report.

pytest loads it by itself where core is installed; without such a suite it says nothing. The
report is printed at the end, and ``--conformance-report=FILE`` writes it down as Markdown.
"""

from __future__ import annotations

import platform
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest  # noqa: TC002 - pluggy reads the annotations

# Written out, since importing the kit here would import it into everybody's test run.
CHECK = "vision_agents_check"

PASSED, FAILED, WAIVED, NOT_APPLICABLE = "passed", "FAILED", "waived", "not applicable"


@dataclass(frozen=True, slots=True)
class Line:
    """One check in the report."""

    title: str
    outcome: str
    note: str
    seconds: float


@dataclass
class Suite:
    """One suite's lines, in the order in which they ran."""

    name: str
    tier: str
    lines: list[Line] = field(default_factory=list)

    def count(self, outcome: str) -> int:
        """How many ended like that."""
        return sum(line.outcome == outcome for line in self.lines)

    @property
    def verdict(self) -> str:
        """One sentence."""
        counts = f"{self.count(PASSED)} passed"
        for outcome in (FAILED, WAIVED, NOT_APPLICABLE):
            if self.count(outcome):
                counts += f", {self.count(outcome)} {outcome.lower()}"
        return f"{'does not conform' if self.count(FAILED) else 'conforms'}: {counts}"


class ConformanceReport:
    """Collects the results of a test run, also from its worker processes."""

    def __init__(self, path: str | None) -> None:
        self.suites: dict[str, Suite] = {}
        self._path = path
        self._notes: dict[str, Any] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take down the outcome of one check; teardown may still turn it into a failure."""
        data = dict(report.user_properties).get(CHECK)
        if not isinstance(data, dict) or (report.when != "call" and not report.failed):
            return
        suite = self.suites.setdefault(data["suite"], Suite(data["suite"], data["tier"]))
        note = data.get("waived") or data.get("not_applicable") or data.get("figure") or ""
        if report.failed:
            outcome, note = FAILED, _first_line(report)
        elif "waived" in data:
            outcome = WAIVED
        elif "not_applicable" in data:
            outcome = NOT_APPLICABLE
        else:
            outcome = PASSED
        suite.lines.append(Line(data["title"], outcome, note, report.duration))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the report, and write it where the option says."""
        for suite in self.suites.values():
            terminalreporter.section(f"conformance of {suite.name} ({suite.tier} tier)")
            for line in suite.lines:
                text = f"{line.outcome:<14}  {line.title}"
                terminalreporter.write_line(f"{text}: {line.note}" if line.note else text)
            terminalreporter.write_line(suite.verdict)
        if self._path and self.suites:
            Path(self._path).write_text(self.markdown(), encoding="utf-8")
            terminalreporter.write_line(f"report written to {self._path}")

    def markdown(self) -> str:
        """The whole report, ready to publish."""
        parts = []
        for suite in self.suites.values():
            seconds = sum(line.seconds for line in suite.lines)
            parts.append(
                f"# Conformance of {suite.name}\n\n"
                f"**{suite.verdict}**\n\n"
                f"vision-agents-core {version('vision-agents-core')}, "
                f"Python {platform.python_version()}, {platform.system()}; "
                f"{suite.tier} tier, {seconds:.0f} s.\n\n"
                "| check | outcome | figure or reason |\n|---|---|---|\n"
            )
            parts += [
                f"| {_cell(line.title)} | {line.outcome} | {_cell(line.note)} |\n"
                for line in suite.lines
            ]
            parts.append("\n")
        return "".join(parts).rstrip() + "\n"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add our option."""
    parser.addoption(
        "--conformance-report",
        metavar="FILE",
        default=None,
        help="write the report of the avatar conformance suites there, as Markdown",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Collect results from here on."""
    config.pluginmanager.register(
        ConformanceReport(config.getoption("--conformance-report")), "vision-agents-conformance"
    )


def _first_line(report: pytest.TestReport) -> str:
    """What went wrong, in one line."""
    crash = getattr(report.longrepr, "reprcrash", None)
    text = str(getattr(crash, "message", None) or report.longrepr or "failed")
    first, *more = text.strip().splitlines()
    if first.endswith(":") and more:  # a list follows
        first = f"{first} {more[0].strip()}"
    return first.removeprefix("AssertionError: ")


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
