"""From a name to green: one command each, and no edit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Environment


@pytest.mark.timeout(400)
def test_a_new_package_passes_everything_at_once(
    environment: Callable[..., Environment], uv: Callable[..., None], wheels: Path, tmp_path: Path
) -> None:
    made = environment("vision-agents-core[cli]")
    output = made.run("vision-agents", "new", "acme", cwd=tmp_path)
    assert "pytest" in output
    package = tmp_path / "acme-avatar"
    uv(
        "pip", "install", "--python", made.folder, "--find-links", wheels,
        "--editable", f"{package}[test]",
    )  # fmt: skip
    made.run("ruff", "check", ".", cwd=package)
    made.run("ruff", "format", "--check", ".", cwd=package)
    made.run("mypy", cwd=package)
    report = package / "conformance.md"
    made.run("pytest", "-q", f"--conformance-report={report}", cwd=package)
    verdict = report.read_text(encoding="utf-8").splitlines()[2]
    assert verdict.startswith("**conforms: "), verdict
    assert "waived" not in verdict
    assert "acme, " not in made.run("vision-agents", "avatars", cwd=tmp_path)
    assert "Acme's talking head" in made.run("vision-agents", "avatars", cwd=tmp_path)
    code = "import os; from acme_avatar import Avatar; print(Avatar().provider_name)"
    shown = made.run(
        "vision-agents", "sandbox", "acme", "--", made.python, "-c", code, cwd=tmp_path
    )
    assert shown == "acme\n"


@pytest.mark.timeout(200)
@pytest.mark.parametrize("name", ["zz", "my-longest-face-name"])
def test_other_names_are_as_tidy(
    environment: Callable[..., Environment], tmp_path: Path, name: str
) -> None:
    made = environment("vision-agents-core[cli]", "mypy", "numpy", "pytest", "ruff", "websockets")
    made.run("vision-agents", "new", name, "--folder", "package", cwd=tmp_path)
    package = tmp_path / "package"
    made.run("ruff", "check", ".", cwd=package)
    made.run("ruff", "format", "--check", ".", cwd=package)
    made.run("mypy", cwd=package)
