"""What the tests of the workspace share: each distribution in turn, and where everything is."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.distributions import ROOT, distributions


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that asks for ``distribution`` runs once for each."""
    if "distribution" in metafunc.fixturenames:
        every = distributions()
        metafunc.parametrize("distribution", every, ids=[d.name for d in every])


@pytest.fixture
def root() -> Path:
    return ROOT


@pytest.fixture
def workspace() -> dict[str, Any]:
    """The root pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
