"""The README's first command on a clean clone: an empty home, the system's Python, nothing else.

What is cloned is the last commit. Fetches the demo's packages anew, since the cache is empty too.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from plugins.web.tests.browser import WatchedPage, chromium
from tests.distributions import ROOT

URL = re.compile(r"http://127\.0\.0\.1:\d+\S*")
# Fetching 70 MB of packages on a slow line, then the demo's own start.
UP_WITHIN_S = 300

SPEAKS_WITHIN_S = 3.0

# True once a picture is shown and sound louder than silence has come out of the network.
FACE_SPEAKS = """
async () => {
  const video = document.querySelector("video");
  if (!video || !video.videoWidth || !video.srcObject) return false;
  if (!window.heard) {
    const [track] = video.srcObject.getAudioTracks();
    if (!track) return false;
    window.heard = { peak: 0 };
    (async () => {
      const reader = new MediaStreamTrackProcessor({ track: track.clone() }).readable.getReader();
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return;
        const samples = new Float32Array(value.numberOfFrames);
        value.copyTo(samples, { planeIndex: 0, format: "f32-planar" });
        value.close();
        window.heard.peak = Math.max(window.heard.peak, ...samples.map(Math.abs));
      }
    })();
  }
  return window.heard.peak > 0.02;
}
"""

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
def demo(clone: Clone) -> Iterator[subprocess.Popen[str]]:
    with clone.start("demo", "--no-open", "--port", "0") as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def address(process: subprocess.Popen[str]) -> str:
    """Where the demo says it is, once it is up."""
    assert process.stdout is not None
    said = []
    until_s = time.monotonic() + UP_WITHIN_S
    for line in process.stdout:
        said.append(line)
        if found := URL.search(line):
            return found.group()
        assert time.monotonic() < until_s, "".join(said)
    raise AssertionError(f"the demo ended ({process.wait()}):\n{''.join(said)}")


async def test_the_face_speaks_and_the_demo_leaves_cleanly(
    demo: subprocess.Popen[str], clone: Clone, figure: Callable[[str], None]
) -> None:
    async with chromium() as browser:
        url = await asyncio.to_thread(address, demo)
        up_s = time.monotonic()
        page = await WatchedPage.open(browser, url)
        await page.page.wait_for_function(FACE_SPEAKS, timeout=15_000)
        took_s = time.monotonic() - up_s
        await page.close()
    os.killpg(demo.pid, signal.SIGINT)
    assert await asyncio.to_thread(demo.wait, timeout=15) == 0
    figure(f"the face speaks {took_s:.2f} s after the server is up")
    assert took_s <= SPEAKS_WITHIN_S

    assert not (clone.folder / ".venv" / "bin" / "uv").exists(), "uv belongs outside of .venv"
    assert changed_files(clone.folder) == ""


def changed_files(folder: Path) -> str:
    status = ["git", "status", "--porcelain"]
    return subprocess.run(status, cwd=folder, capture_output=True, text=True, check=True).stdout
