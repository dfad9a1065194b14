"""A remembered listing is used while nothing changed, and never after that."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import click
import pluggy
import pytest

import vision_agents.core
from vision_agents.core.testing.discovery import write_distribution

Listing: TypeAlias = Callable[[], tuple[str, str]]

MAIN = """
import sys
sys.argv[1:] = ["avatars"]
from vision_agents.core.cli import main
try:
    main()
finally:
    print("imported" if "acme.hooks" in sys.modules else "remembered")
"""


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A folder with core and what its command line needs, and nothing else installed."""
    folder = tmp_path / "bare"
    (folder / "vision_agents").mkdir(parents=True)
    (folder / "vision_agents" / "core").symlink_to(Path(vision_agents.core.__file__ or "").parent)
    for module in (click, pluggy):
        package = Path(module.__file__ or "").parent
        (folder / package.name).symlink_to(package)
    return folder


@pytest.fixture
def listing(bare: Path, tmp_path: Path) -> Callable[[], tuple[str, str]]:
    """The output in a process of its own, and whether the package was imported for it."""
    path = [bare, tmp_path / "site-packages", tmp_path / "broken"]

    def listing() -> tuple[str, str]:
        done = subprocess.run(
            [sys.executable, "-S", "-c", MAIN],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))},
        )
        *lines, how = done.stdout.splitlines()
        return "\n".join(lines), how

    return listing


def test_the_second_time_nothing_is_imported(acme: Path, listing: Listing) -> None:
    first, how = listing()
    assert (how, acme.is_dir()) == ("imported", True)
    assert listing() == (first, "remembered")


def test_an_edited_record_is_read_again(acme: Path, listing: Listing) -> None:
    listing()
    hooks = acme / "acme" / "hooks.py"
    hooks.write_text(hooks.read_text().replace("talking head", "new face"))
    text, how = listing()
    assert how == "imported"
    assert "Acme's new face" in text


def test_a_new_package_is_seen(acme: Path, listing: Listing) -> None:
    listing()
    write_distribution(
        acme,
        "other-avatar",
        entry_points={"vision_agents.avatars": {"other": "other.hooks"}},
        modules={"other.hooks": (acme / "acme" / "hooks.py").read_text().replace("acme", "other")},
    )
    text, how = listing()
    assert how == "imported"
    assert "other-avatar 1.0" in text


@pytest.mark.usefixtures("broken")
def test_with_a_broken_one_nothing_is_remembered(acme: Path, listing: Listing) -> None:
    listing()
    text, how = listing()
    assert (how, acme.is_dir()) == ("imported", True)
    assert "broken does not work" in text


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"key": 1}'])
def test_a_damaged_file_is_as_none(
    acme: Path, listing: Listing, tmp_path: Path, damage: str
) -> None:
    listing()
    (file,) = (tmp_path / "cache" / "vision-agents").iterdir()
    file.write_text(damage)
    assert (listing()[1], acme.is_dir()) == ("imported", True)
    assert listing()[1] == "remembered"


def test_no_place_to_write_is_no_reason_to_fail(
    acme: Path, listing: Listing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "no-folder"
    place.write_text("a file")
    monkeypatch.setenv("XDG_CACHE_HOME", str(place))
    assert (listing()[1], acme.is_dir()) == ("imported", True)
