"""Environments as a stranger has them: core's wheel, their own package, and nothing of ours."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.distributions import ROOT
from vision_agents.core.testing.requirements import missing


@pytest.fixture(scope="session")
def uv() -> Callable[..., None]:
    """Run uv, which is on PATH or a module of this Python."""
    command = [shutil.which("uv") or ""]
    if not command[0]:
        command = [sys.executable, "-m", "uv"]
        if subprocess.run([*command, "--version"], capture_output=True).returncode:
            missing("uv", install="pip install uv")

    def run(*arguments: str | Path) -> None:
        done = subprocess.run(
            [*command, "--quiet", *map(str, arguments)], capture_output=True, text=True
        )
        assert done.returncode == 0, f"uv {' '.join(map(str, arguments))}:\n{done.stderr}"

    return run


@pytest.fixture(scope="session")
def wheels(uv: Callable[..., None], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with core's wheel; other packages' wheels may be put beside it."""
    folder = tmp_path_factory.mktemp("wheels")
    uv("build", "--wheel", "--out-dir", folder, ROOT / "core")
    return folder


@dataclass(frozen=True)
class Environment:
    """A clean environment."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    def run(self, *command: str | Path, cwd: Path) -> str:
        """Run one of its programs; fails with what it printed if it fails."""
        program, *arguments = map(str, command)
        path = f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
        keep = {name: os.environ[name] for name in ("HOME", "LANG", "CI") if name in os.environ}
        done = subprocess.run(
            [str(self.folder / "bin" / program), *arguments],
            cwd=cwd,
            capture_output=True,
            text=True,
            env={**keep, "PATH": path, "XDG_CACHE_HOME": str(self.folder / "cache")},
            timeout=200,
        )
        output = done.stdout + done.stderr
        assert done.returncode == 0, f"{program} {' '.join(arguments)}:\n{output}"
        return output


@pytest.fixture
def environment(
    uv: Callable[..., None], wheels: Path, tmp_path: Path
) -> Callable[..., Environment]:
    """Make an environment and install what is named, core from its wheel."""

    def make(*wanted: str | Path) -> Environment:
        folder = tmp_path / "environment"
        uv("venv", "--python", sys.executable, folder)
        uv(
            "pip", "install", "--python", folder, "--find-links", wheels,
            "--constraint", ROOT / "constraints.txt", *wanted,
        )  # fmt: skip
        return Environment(folder)

    return make
