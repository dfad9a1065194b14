"""What users get: each wheel holds its leaf, declares what it needs, installs and imports."""

from __future__ import annotations

import itertools
import zipfile
from configparser import ConfigParser
from email.message import Message
from email.parser import Parser
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement

from tests.distributions import distributions

if TYPE_CHECKING:
    from tests.wheels.conftest import Environments

EVERY = [d.name for d in distributions()]
PLUGINS = [name for name in EVERY if name != "core"]

# The face and its classifier; a wheel that is quick to fetch is part of the product.
ASSETS_LIMIT = 2_000_000


def package(name: str) -> str:
    return "vision_agents.core" if name == "core" else f"vision_agents.plugins.{name}"


class Wheel:
    """A built wheel, read without installing it."""

    def __init__(self, folder: Path, name: str) -> None:
        (path,) = folder.glob(f"vision_agents_{name}-*.whl")
        with zipfile.ZipFile(path) as archive:
            self.sizes = {PurePosixPath(i.filename): i.file_size for i in archive.infolist()}
            (self.info,) = {p.parts[0] for p in self.sizes if p.parts[0].endswith(".dist-info")}
            self.metadata: Message = Parser().parsestr(self._text(archive, "METADATA"))
            self.entry_points = ConfigParser(delimiters=("=",))
            self.entry_points.read_string(self._text(archive, "entry_points.txt"))

    def _text(self, archive: zipfile.ZipFile, name: str) -> str:
        member = f"{self.info}/{name}"
        return archive.read(member).decode() if member in archive.namelist() else ""

    @property
    def requirements(self) -> list[Requirement]:
        """What it requires without any extra."""
        every = map(Requirement, self.metadata.get_all("Requires-Dist", []))
        return [r for r in every if r.marker is None or r.marker.evaluate({"extra": ""})]


@pytest.mark.parametrize("name", EVERY)
def test_holds_its_leaf_typed_and_nothing_else(wheels: Path, name: str) -> None:
    wheel = Wheel(wheels, name)
    leaf = PurePosixPath(*package(name).split("."))
    stray = [p for p in wheel.sizes if not p.is_relative_to(leaf) and p.parts[0] != wheel.info]
    assert stray == []
    assert leaf / "py.typed" in wheel.sizes
    assert leaf / "__init__.py" in wheel.sizes


@pytest.mark.parametrize("name", EVERY)
def test_ships_no_tests_and_no_tools(wheels: Path, name: str) -> None:
    """Deeper down they may stand: the scaffold writes packages that have tests."""
    leaf = PurePosixPath(*package(name).split("."))
    paths = Wheel(wheels, name).sizes
    assert {"tests", "tools", "benchmarks"}.isdisjoint(
        p.relative_to(leaf).parts[0] for p in paths if p.is_relative_to(leaf)
    )
    assert not any("__pycache__" in p.parts for p in paths)


def test_core_requires_five_packages_and_no_more(wheels: Path) -> None:
    names = sorted(r.name for r in Wheel(wheels, "core").requirements)
    assert names == ["aiortc", "av", "importlib-metadata", "numpy", "pluggy"]


@pytest.mark.parametrize("name", EVERY)
def test_says_its_licence_and_its_python(wheels: Path, name: str) -> None:
    metadata = Wheel(wheels, name).metadata
    assert metadata["License-Expression"] == "MIT"
    assert metadata["Requires-Python"] == ">=3.11"


@pytest.mark.parametrize("name", EVERY)
def test_entry_points_aim_at_modules_in_the_wheel(wheels: Path, name: str) -> None:
    wheel = Wheel(wheels, name)
    missing = []
    for group in wheel.entry_points.sections():
        for key, target in wheel.entry_points[group].items():
            path = PurePosixPath(*target.split(":")[0].strip().split("."))
            if {path.with_suffix(".py"), path / "__init__.py"}.isdisjoint(wheel.sizes):
                missing.append(f"[{group}] {key} = {target}")
    assert missing == []


def test_the_local_avatars_assets_stay_small(wheels: Path) -> None:
    sizes = Wheel(wheels, "local").sizes
    assets = sum(size for path, size in sizes.items() if "assets" in path.parts)
    assert 0 < assets <= ASSETS_LIMIT


@pytest.mark.parametrize("name", EVERY)
def test_installs_alone_and_imports(environments: Environments, name: str) -> None:
    alone = environments.make([name])
    module = package(name)
    version = alone.run(
        f"import importlib.metadata as m, {module} as p\n"
        f"assert p.__version__ == m.version('vision-agents-{name}'), p.__version__\n"
        "print(p.__version__)"
    )
    assert version.strip()
    # Every public name resolves: a lazy export that names a missing module would fail only in use.
    alone.run(f"import {module} as p\nfor name in getattr(p, '__all__', ()): getattr(p, name)")


def test_core_and_its_contract_import_light(environments: Environments) -> None:
    core = environments.make(["core"])
    loaded = core.run(
        "import sys, vision_agents.core, vision_agents.core.avatars, vision_agents.core.plugin\n"
        "print(*sorted({'av', 'numpy', 'aiortc'} & set(sys.modules)))"
    )
    assert loaded.split() == []


@pytest.mark.parametrize(
    "names",
    [*itertools.combinations(PLUGINS, 2), tuple(PLUGINS)],
    ids="+".join,
)
def test_plugins_live_side_by_side(environments: Environments, names: tuple[str, ...]) -> None:
    """They share two namespace packages: installing one must not hide another."""
    together = environments.make(names)
    together.run("\n".join(f"import {package(name)}" for name in names))
    found = together.run(
        "from importlib.metadata import entry_points\n"
        "names = [e.load() and e.name for e in entry_points(group='vision_agents.avatars')]\n"
        "import vision_agents; assert vision_agents.__file__ is None\n"
        "print(*names)"
    )
    assert set(found.split()) >= set(names) & {"anam", "lemonslice", "liveavatar", "local"}
