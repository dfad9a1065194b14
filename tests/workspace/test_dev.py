"""dev.py on machines that lack something; that it works is proved by tests/clean_clone."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import venv
from pathlib import Path

import pytest

import dev


@pytest.fixture
def clone(root: Path, tmp_path: Path) -> Path:
    """A folder with dev.py and nothing fetched yet."""
    shutil.copy(root / "dev.py", tmp_path)
    return tmp_path


def run(
    clone: Path, *arguments: str, python: str = sys.executable
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [python, str(clone / "dev.py"), *arguments], capture_output=True, text=True, timeout=50
    )


def test_a_python_without_pip_is_told_how_to_get_it(clone: Path) -> None:
    venv.create(clone / "bare", with_pip=False)
    done = run(clone, "test", python=str(clone / "bare" / "bin" / "python"))
    assert done.returncode == 1
    assert "has no pip" in done.stderr
    assert "apt install python3-pip" in done.stderr
    assert "Traceback" not in done.stderr


def test_no_command_lists_the_commands(clone: Path) -> None:
    done = run(clone)
    assert done.returncode == 2
    assert "COMMAND" in done.stderr
    for command, (_, text) in dev.COMMANDS.items():
        assert command in run(clone, "--help").stdout
        assert text.split()[0] in run(clone, "--help").stdout


def test_without_a_home_the_cache_is_kept_in_the_clone(root: Path) -> None:
    code = "import dev; print(dev.environment()['UV_CACHE_DIR'])"
    env = {**os.environ, "HOME": "/nonexistent"}
    env.pop("UV_CACHE_DIR", None)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, env=env, capture_output=True, text=True, check=True
    )
    assert Path(done.stdout.strip()) == root / ".tools" / "cache"


def test_a_users_pip_settings_do_not_get_in_the_way(root: Path) -> None:
    """``--user`` and ``require-virtualenv`` both forbid what --target needs."""
    code = "import dev; e = dev.environment(); print(e['PIP_USER'], e['PIP_REQUIRE_VIRTUALENV'])"
    env = {**os.environ, "PIP_USER": "1", "PIP_REQUIRE_VIRTUALENV": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, env=env, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["0", "0"]


def test_a_failing_step_shows_what_the_tool_said() -> None:
    command = [sys.executable, "-c", "import sys; sys.exit('the index is not reachable')"]
    with pytest.raises(dev.Failed, match=r"fetching uv failed \(exit 1\):\nthe index is not reach"):
        dev.run(command, "fetching uv")


def test_ctrl_c_waits_for_the_child_to_end_in_its_own_way(root: Path) -> None:
    """The demo closes its page and its call; the terminal comes back when that is done."""
    child = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGINT, lambda *_: (time.sleep(0.3), print('closed'), sys.exit(7)))\n"
        "print('open', flush=True)\n"
        "time.sleep(30)\n"
    )
    code = f"import sys, dev; sys.exit(dev.hand_over([sys.executable, '-c', {child!r}]))"
    with subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=root,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        time.sleep(0.1)  # dev.py is in wait() by now
        os.killpg(process.pid, signal.SIGINT)
        assert process.stdout.read() == "closed\n"
        assert process.wait(timeout=10) == 7


def test_every_distribution_is_set_up(root: Path) -> None:
    folders = [path.split("[")[0] for path in dev.workspace()]
    assert folders[0] == "core"
    assert sorted(folders[1:]) == sorted(
        f"plugins/{path.parent.name}" for path in root.glob("plugins/*/pyproject.toml")
    )
    assert "core[cli,testing]" in dev.workspace()
