"""What ``vision-agents new`` writes, and refuses. That it all passes: tests/strangers."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from vision_agents.core import __version__
from vision_agents.core.cli.scaffold import TEMPLATE, Names

if TYPE_CHECKING:
    from .conftest import Run


def test_names_in_each_form() -> None:
    names = Names.of("Talking Head_2")
    assert names.name == "talking-head-2"
    assert names.distribution == "talking-head-2-avatar"
    assert names.package == "talking_head_2_avatar"
    assert names.prefix == "TalkingHead2"
    assert names.variable == "TALKING_HEAD_2"


def test_a_name_with_a_placeholder_in_it() -> None:
    filled = Names.of("Acme Corp").fill("acme_avatar acme-avatar ACME Acme acme")
    assert filled == "acme_corp_avatar acme-corp-avatar ACME_CORP AcmeCorp acme-corp"


@pytest.mark.parametrize(
    "template", sorted(TEMPLATE.glob("tests/*.tmpl")), ids=lambda path: path.name
)
def test_a_provider_named_test_is_no_test(template: Path) -> None:
    """pytest would take an imported TestAvatar or TestService for a class of tests."""
    assert not re.search(r"import .*Acme", template.read_text(encoding="utf-8"))


@pytest.mark.parametrize("text", ["", "2heads", "a/b", "ünï", "../x", "a" * 21])
def test_what_cannot_be_a_name(run: Run, text: str) -> None:
    result = run("new", text)
    assert result.exit_code == 1
    assert f"{text!r} cannot be the name of an avatar: take up to 20 letters" in result.output


def test_one_of_ours(run: Run) -> None:
    assert "'anam' is taken by vision-agents-anam: take another name" in run("new", "anam").output


def test_a_folder_with_something_in_it(run: Run, tmp_path: Path) -> None:
    (tmp_path / "precious.txt").write_text("mine")
    result = run("new", "acme", "--folder", str(tmp_path))
    assert result.exit_code == 1
    assert f"{tmp_path} is not empty: name another with --folder" in result.output
    assert [path.name for path in tmp_path.iterdir()] == ["precious.txt"]


def test_a_place_where_one_cannot_write(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = run("new", "acme", "--folder", str(tmp_path / "file" / "below"))
    assert result.exit_code == 1
    assert "cannot write " in result.output


def test_the_package(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("new", "talking-head")
    assert result.exit_code == 0, result.output
    assert "cd talking-head-avatar" in result.output
    folder = tmp_path / "talking-head-avatar"
    written = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert len(written) == len(list(TEMPLATE.rglob("*.tmpl")))
    assert "src/talking_head_avatar/hooks.py" in written
    assert ".github/workflows/ci.yml" in written
    for path in folder.rglob("*"):
        assert path.is_dir() or "acme" not in path.read_text(encoding="utf-8").lower(), path
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["entry-points"] == {
        "vision_agents.avatars": {"talking-head": "talking_head_avatar.hooks"}
    }
    minor = ".".join(__version__.split(".")[:2])
    assert project["dependencies"][0].startswith(f"vision-agents-core>={minor},<")
