"""Wheels to look into, and empty environments to install them in (``nox -s wheels``)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.distributions import ROOT, distributions


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--wheels", type=Path, help="folder with a wheel of every distribution")


def wheel_folder(config: pytest.Config) -> Path:
    folder = config.getoption("--wheels")
    if not isinstance(folder, Path):
        raise pytest.UsageError("say where the wheels are with --wheels, or run: nox -s wheels")
    return folder.resolve()


@dataclass(frozen=True)
class Environment:
    """An environment that holds these distributions' wheels and what they require."""

    python: Path

    def run(self, code: str) -> str:
        """Run the code with warnings as errors, away from the source tree; return what it prints.

        Isolated mode: neither the current folder nor PYTHONPATH can lend a module.
        """
        done = subprocess.run(
            [self.python, "-I", "-W", "error", "-c", code],
            cwd=self.python.parents[1],
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


class Environments:
    """Makes environments with uv, which links packages from its cache: a fraction of a second."""

    def __init__(self, wheels: Path, parent: Path) -> None:
        self._wheels = wheels
        self._parent = parent

    def make(self, names: Iterable[str]) -> Environment:
        """An empty environment, then ``vision-agents-<name>`` of each, siblings from the folder."""
        names = list(names)
        folder = self._parent / "-".join(names)
        uv("venv", "--python", sys.executable, str(folder))
        wanted = [f"vision-agents-{name}" for name in names]
        # The versions do not change between two builds: without this, uv takes yesterday's wheels.
        fresh = [f"--refresh-package=vision-agents-{d.name}" for d in distributions()]
        uv(
            "pip", "install", "--python", str(folder),
            "--constraint", str(ROOT / "constraints.txt"),
            "--find-links", str(self._wheels), *fresh, *wanted,
        )  # fmt: skip
        return Environment(folder / "bin" / "python")


def uv(*arguments: str) -> None:
    done = subprocess.run(["uv", "--quiet", *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def wheels(request: pytest.FixtureRequest) -> Path:
    return wheel_folder(request.config)


@pytest.fixture
def environments(wheels: Path, tmp_path: Path) -> Environments:
    return Environments(wheels, tmp_path)
