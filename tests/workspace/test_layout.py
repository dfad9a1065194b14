"""Where things stand: namespaces stay namespaces, every leaf is typed, no folder goes unchecked."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.distributions import Distribution


def test_namespaces_hold_no_init(distribution: Distribution) -> None:
    """An ``__init__.py`` there would hide every other distribution's packages."""
    source = distribution.folder / "src"
    strays = [
        path
        for path in (source, source / "vision_agents", source / "vision_agents" / "plugins")
        if (path / "__init__.py").exists()
    ]
    assert strays == []


def test_a_distribution_holds_its_leaf_and_nothing_else(distribution: Distribution) -> None:
    outside = [
        path
        for path in (distribution.folder / "src").rglob("*.py")
        if not path.is_relative_to(distribution.leaf)
    ]
    assert outside == []


def test_the_leaf_is_typed(distribution: Distribution) -> None:
    """Beside pyproject.toml the marker would be left out of the wheel."""
    assert (distribution.leaf / "py.typed").is_file()


def test_each_package_of_a_leaf_has_an_init(distribution: Distribution) -> None:
    packages = {path.parent for path in distribution.leaf.rglob("*.py")}
    missing = sorted(str(p) for p in packages if not (p / "__init__.py").exists())
    assert missing == []


def test_a_distribution_says_what_a_user_wants_to_know(distribution: Distribution) -> None:
    project = distribution.project["project"]
    assert project["license"] == "MIT"
    assert project["requires-python"] == ">=3.11"
    assert (distribution.folder / "README.md").stat().st_size > 0
    assert (distribution.folder / "CHANGELOG.md").stat().st_size > 0


def test_a_plugin_admits_one_minor_version_of_core(distribution: Distribution) -> None:
    """Before 1.0 a minor version may break plugins: a new plugin never meets an old core."""
    if distribution.name == "core":
        return
    wants = [
        requirement
        for requirement in distribution.project["project"]["dependencies"]
        if re.match(r"vision-agents-core\b", requirement)
    ]
    assert len(wants) == 1
    assert re.search(r">=0\.(\d+)", wants[0])
    assert re.search(r"<0\.\d+", wants[0])


def test_core_requires_five_packages_and_no_more(root: Path) -> None:
    text = (root / "core" / "pyproject.toml").read_text(encoding="utf-8")
    block = re.search(r"^dependencies = \[(.*?)\]", text, re.S | re.M)
    assert block is not None
    names = sorted(re.findall(r'"([\w-]+)', block.group(1)))
    assert names == ["aiortc", "av", "importlib-metadata", "numpy", "pluggy"]


def test_mypy_looks_into_every_source_folder(
    workspace: dict[str, Any], distribution: Distribution, root: Path
) -> None:
    source = str((distribution.folder / "src").relative_to(root))
    assert source in workspace["tool"]["mypy"]["mypy_path"]
