"""The README's first command on a clean clone: an empty home, the system's Python, nothing else.

What is cloned is the last commit. Fetches the demo's packages anew, since the cache is empty too.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.distributions import ROOT

URL = re.compile(r"http://127\.0\.0\.1:\d+\S*")
# Fetching 70 MB of packages on a slow line, then the demo's own start.
UP_WITHIN_S = 300

pytestmark = pytest.mark.timeout(UP_WITHIN_S + 60)


@dataclass(frozen=True)
class Clone:
    """A fresh clone with an empty home folder beside it."""

    folder: Path
    home: Path

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [system_python(), "dev.py", *arguments],
            cwd=self.folder,
            env=self._environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )

    def _environment(self) -> dict[str, str]:
        """The user's, as after logging in: no tool of ours on PATH, no environment active."""
        ours = re.compile(r"UV_|VIRTUAL_ENV|PYTHON|NOX|PYENV")
        kept = {name: value for name, value in os.environ.items() if not ours.match(name)}
        return kept | {"HOME": str(self.home), "PATH": "/usr/local/bin:/usr/bin:/bin"}


def system_python() -> str:
    """The system's own Python, externally managed where the system says so; else our base."""
    for candidate in ("/usr/bin/python3", os.path.realpath(sys.executable)):
        check = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
        if shutil.which(candidate) and subprocess.run([candidate, "-c", check]).returncode == 0:
            return candidate
    pytest.fail("no Python 3.11 with pip outside of an environment; apt install python3-pip")


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    folder, home = tmp_path / "clone", tmp_path / "home"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    home.mkdir()
    return Clone(folder, home)


@pytest.fixture
def demo(clone: Clone) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The running demo and its address."""
    with clone.start("demo", "--no-open", "--port", "0") as process:
        try:
            yield process, address(process)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    said = []
    until_s = time.monotonic() + UP_WITHIN_S
    for line in process.stdout:
        said.append(line)
        if found := URL.search(line):
            return found.group()
        assert time.monotonic() < until_s, "".join(said)
    raise AssertionError(f"the demo ended ({process.wait()}):\n{''.join(said)}")


def test_the_demo_serves_its_page_and_leaves_cleanly(
    demo: tuple[subprocess.Popen[str], str], clone: Clone
) -> None:
    process, url = demo
    with urlopen(url, timeout=10) as answer:
        assert answer.status == 200
        assert b"<video" in answer.read()
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(timeout=15) == 0

    assert not (clone.folder / ".venv" / "bin" / "uv").exists(), "uv belongs outside of .venv"
    changed = subprocess.run(
        ["git", "status", "--porcelain"],
        cwd=clone.folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert changed.stdout == "", "running the demo must not leave anything that git sees"
