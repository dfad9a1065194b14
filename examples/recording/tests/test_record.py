"""The example writes a video with both lines in it and says when each begins."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import av

EXAMPLE = Path(__file__).parents[1]


def test_it_records_and_says_what_it_spoke(tmp_path: Path) -> None:
    path = tmp_path / "talk.mp4"
    done = subprocess.run(
        [sys.executable, "record.py", "lines.txt", str(path)],
        cwd=EXAMPLE,
        capture_output=True,
        text=True,
        timeout=50,
        check=True,
    )
    first, second = done.stdout.splitlines()
    assert "This video was made without a camera." in first
    assert "without a microphone" in second
    assert float(second.split()[0]) > 2
    with av.open(str(path)) as container:
        assert container.streams.video[0].width == 640
        assert (container.duration or 0) > 6 * av.time_base
