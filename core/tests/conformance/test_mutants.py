"""The kit finds each broken provider, and says what is wrong with it."""

from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TypeAlias

import pytest

MUTANTS = Path(__file__).with_name("mutants.py")

Failures: TypeAlias = dict[str, dict[str, str]]


MUTATIONS = [
    ("TestLateInterrupt", "test_service_told", "the service was told 700 ms after the cut"),
    ("TestLeakingTask", "test_start_and_close", "task 'heartbeat'"),
    ("TestWrongRate", "test_rate", "of 2.50 s of speech the service counts 1.67 s"),
    ("TestDoubleFinish", "test_session_speaks", "Finished was reported 2 times"),
    ("TestSwallowedError", "test_session_drop", "is the error swallowed?"),
    ("TestSecretInLog", "test_secrets", "Bearer <the secret>"),
    ("TestBlockingCall", "test_never_blocks", "time.sleep(0.15)"),
    ("TestFramesOutOfOrder", "test_session_speaks", "pictures came"),
    ("TestCloseHangs", "test_disconnect", "disconnect() did not return within 5 s"),
    ("TestIgnoresCancellation", "test_cancel_connect", "is a CancelledError swallowed?"),
    ("TestNoEnd", "test_end_told_once", "the end of an utterance was told 0 times"),
    ("TestUnmappedError", "test_auth_error", "raised RuntimeError: server said 401"),
    ("TestForgetsToDisconnect", "test_start_and_close", "1 session(s) still open"),
    ("TestKeepsEverything", "test_memory", "Python objects behind"),
    ("TestPlainCloseHangs", "test_start_and_close", "close() did not return within 10 s"),
    ("TestPlainHoldsSpeech", "test_cut", "old speech was heard up to"),
    ("TestPlainManyTracks", "test_outputs_before_start", "makes a new track each time"),
    ("TestLeaksInCompany", "test_start_and_close", "task 'heartbeat'"),
    ("TestLeaksInCompany", "test_disconnect", "task 'heartbeat'"),
    (
        "TestSkipsSilently",
        "test_nothing_is_left_out_silently",
        "test_sync is waived without a reason",
    ),
]


@pytest.fixture(scope="module")
def failures(tmp_path_factory: pytest.TempPathFactory) -> Failures:
    """What failed in each mutant's suite, with the message; all are run in one process."""
    junit = tmp_path_factory.mktemp("mutants") / "junit.xml"
    nodes = [f"{MUTANTS}::{mutant}::{check}" for mutant, check, _ in MUTATIONS]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *nodes, "-q", "--tb=line", f"--junitxml={junit}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout[-4000:] + done.stderr
    found: Failures = {}
    for case in ET.parse(junit).getroot().iter("testcase"):
        suite = case.attrib["classname"].rpartition(".")[2]
        broken = [*case.findall("failure"), *case.findall("error")]
        found.setdefault(suite, {})
        if broken:
            found[suite][case.attrib["name"]] = broken[0].attrib["message"]
    return found


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("mutant", "check", "reason"), MUTATIONS)
def test_each_is_found_for_the_right_reason(
    failures: Failures, mutant: str, check: str, reason: str
) -> None:
    assert check in failures[mutant], f"not found; failed instead: {failures[mutant]}"
    assert reason in failures[mutant][check]
