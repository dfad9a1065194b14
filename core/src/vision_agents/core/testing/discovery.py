"""Fake installations: a folder that looks to Python as if pip had put packages there.

Discovery is tested for real with it, metadata, imports and all, without building a wheel.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import EntryPoint, distributions
from pathlib import Path
from textwrap import dedent


def write_distribution(
    folder: Path,
    name: str,
    *,
    version: str = "1.0",
    entry_points: Mapping[str, Mapping[str, str]],
    modules: Mapping[str, str] | None = None,
    requires: Sequence[str] = (),
) -> None:
    """Write a ``dist-info`` and the package's modules below ``folder``.

    ``entry_points`` maps group to key to value. ``modules`` maps a dotted name to its source,
    which may be indented; packages above it get an empty ``__init__.py`` unless one is given.
    """
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    metadata = [f"Name: {name}", f"Version: {version}"]
    metadata += [f"Requires-Dist: {requirement}" for requirement in requires]
    (info / "METADATA").write_text("Metadata-Version: 2.1\n" + "\n".join(metadata) + "\n")
    sections = (
        "\n".join([f"[{group}]", *(f"{key} = {value}" for key, value in keys.items())])
        for group, keys in entry_points.items()
    )
    (info / "entry_points.txt").write_text("\n\n".join(sections) + "\n")
    for dotted, source in (modules or {}).items():
        _write_module(folder, dotted, dedent(source), packages=modules or {})


def _write_module(folder: Path, dotted: str, source: str, *, packages: Mapping[str, str]) -> None:
    is_package = any(other.startswith(f"{dotted}.") for other in packages)
    *parents, last = dotted.split(".")
    place = folder
    for parent in parents:
        place = place / parent
        place.mkdir(exist_ok=True)
        init = place / "__init__.py"
        if not init.exists():
            init.write_text("")
    if is_package:
        (place / last).mkdir(exist_ok=True)
        (place / last / "__init__.py").write_text(source)
    else:
        (place / f"{last}.py").write_text(source)


def entry_points_in(*folders: Path) -> tuple[EntryPoint, ...]:
    """The entry points of all distributions in ``folders``, each knowing its distribution."""
    paths = [str(folder) for folder in folders]
    return tuple(
        entry_point
        for distribution in distributions(path=paths)
        for entry_point in distribution.entry_points
    )


@contextlib.contextmanager
def importable(*folders: Path) -> Iterator[None]:
    """Let modules in ``folders`` be imported inside; afterwards they are forgotten again."""
    paths = [str(folder.resolve()) for folder in folders]
    before = set(sys.modules)
    sys.path[:0] = paths
    importlib.invalidate_caches()
    try:
        yield
    finally:
        for path in paths:
            sys.path.remove(path)
        for name in set(sys.modules) - before:
            file = getattr(sys.modules[name], "__file__", None)
            if file and any(Path(file).resolve().is_relative_to(path) for path in paths):
                del sys.modules[name]
        importlib.invalidate_caches()
