"""``vision-agents demo`` as a person runs it: it serves a page, and ends when told."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest

COMMAND = [sys.executable, "-c", "from vision_agents.core.cli import main; main()", "demo"]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_a_page_until_told_to_stop(how: signal.Signals) -> None:
    process = subprocess.Popen(
        [*COMMAND, "--no-open", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        found = re.search(r"http://127\.0\.0\.1:\d+/", process.stdout.readline())
        assert found is not None
        with urlopen(found.group(), timeout=5) as page:
            assert b"<video" in page.read()
        process.send_signal(how)
        _, told = process.communicate(timeout=15)
    finally:
        process.kill()
    assert process.returncode == 0, told
    assert "Traceback" not in told


def failed(*arguments: str, path: Path | None = None) -> str:
    """What a demo that cannot start tells, on one line."""
    environment = os.environ | ({"PYTHONPATH": str(path)} if path else {})
    done = subprocess.run(
        [*COMMAND, "--no-open", *arguments],
        capture_output=True,
        text=True,
        timeout=30,
        env=environment,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    return " ".join(done.stderr.split())


def test_a_port_that_is_taken_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        told = failed("--port", str(port))
    assert str(port) in told
    assert "--port" in told or "port=" in told


def test_names_that_nobody_provides_are_told() -> None:
    assert "no avatar named 'lokal'" in failed("--avatar", "lokal")
    assert "no edge named 'wep'" in failed("--edge", "wep")
    assert "no voice named 'lokal'" in failed("--voice", "lokal")


def test_a_missing_voice_says_how_to_install_it(tmp_path: Path) -> None:
    (tmp_path / "espeakng_loader.py").write_text(
        "raise ModuleNotFoundError(\"No module named 'espeakng_loader'\", name='espeakng_loader')"
    )
    assert "vision-agents-local[tts]" in failed(path=tmp_path)
