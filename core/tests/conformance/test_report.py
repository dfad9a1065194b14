"""What a vendor publishes: every check with its outcome, and the reasons."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def test_the_report_says_everything(tmp_path: Path) -> None:
    nodes = [
        "mutants.py::TestReplacesWithReason::test_nothing_is_left_out_silently",
        "mutants.py::TestReplacesWithReason::test_start_and_close",
        "mutants.py::TestLateInterrupt::test_service_told",
        "mutants.py::TestLeakingTask::test_start_and_close",
        "mutants.py::TestWaives::test_stall",
        "test_memory_provider.py::TestMemoryProvider::test_sync",
        "test_memory_provider.py::TestMemoryProvider::test_record",
    ]
    report = tmp_path / "report.md"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", f"--conformance-report={report}"]
        + [str(HERE / node) for node in nodes],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    text = report.read_text(encoding="utf-8")
    assert "# Conformance of TestReplacesWithReason\n\n**conforms: 2 passed**" in text
    assert "test_stall is replaced: the stand-in is deaf" in text
    assert "# Conformance of TestLateInterrupt\n\n**does not conform: 0 passed, 1 failed**" in text
    assert "| FAILED | the service was told 700 ms after the cut |" in text
    assert (
        "| FAILED | left behind by start, close, close: no task, no session, no socket left: "
        in text
    )
    assert "task 'heartbeat'" in text
    assert "| waived | the service has no such thing |" in text
    assert "| not applicable | the suite names no hooks module |" in text
    assert "| lips and voice are together | passed | median " in text
    assert "vision-agents-core " in text
    assert "pure tier" in text
    for line in ("conformance of TestLateInterrupt (pure tier)", f"report written to {report}"):
        assert line in done.stdout


def test_without_a_suite_nothing_is_said(tmp_path: Path) -> None:
    (tmp_path / "test_other.py").write_text("def test_passes(): pass\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "conform" not in done.stdout
