"""The distributions of this repository, read from their folders."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Distribution:
    """One folder with a pyproject.toml of its own."""

    folder: Path
    project: dict[str, Any] = field(repr=False)

    @property
    def name(self) -> str:
        """``core``, ``anam``: the name of the folder and of the leaf package."""
        return self.folder.name

    @property
    def leaf(self) -> Path:
        """The package folder that this distribution owns."""
        namespace = self.folder / "src" / "vision_agents"
        return namespace / "core" if self.name == "core" else namespace / "plugins" / self.name

    @property
    def modules(self) -> dict[str, Path]:
        """Module name -> file, for every module of the leaf."""
        source = self.folder / "src"
        return {module_name(path.relative_to(source)): path for path in self.leaf.rglob("*.py")}


def module_name(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def distributions() -> list[Distribution]:
    folders = [ROOT / "core", *sorted(p.parent for p in ROOT.glob("plugins/*/pyproject.toml"))]
    return [
        Distribution(f, tomllib.loads((f / "pyproject.toml").read_text(encoding="utf-8")))
        for f in folders
    ]
