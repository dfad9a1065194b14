"""Remembers a listing for as long as every file it was made from is unchanged.

Fifty packages cost 100 ms to import; looking whether their files changed costs three. A listing
is made of the folders on ``sys.path``, whose modification time changes when a package comes, goes
or is upgraded, and of the modules that were imported for it. All of these are compared.
"""

from __future__ import annotations

import json
import os
import sys
import zlib
from typing import Any

from vision_agents.core import __version__

Stamp = list[int] | None


def recall(group: str) -> list[dict[str, Any]] | None:
    """The rows of the last listing; ``None`` if there is none or anything has changed."""
    try:
        with open(_file(group), encoding="utf-8") as file:
            kept = json.load(file)
        if kept["key"] != _key(group):
            return None
        files: dict[str, Stamp] = kept["files"]
        rows: list[dict[str, Any]] = kept["rows"]
    except (OSError, ValueError, KeyError, TypeError):
        return None  # none yet, or cut off while it was written
    return rows if all(_stamp(name) == stamp for name, stamp in files.items()) else None


def remember(group: str, rows: list[dict[str, Any]]) -> None:
    """Keep the rows, in the user's cache folder. Without effect where one cannot write there."""
    folders = [folder or os.curdir for folder in sys.path]
    modules = [name for module in tuple(sys.modules.values()) if (name := _file_of(module))]
    kept = {
        "key": _key(group),
        "files": {name: _stamp(name) for name in (*folders, *modules)},
        "rows": rows,
    }
    place = _file(group)
    draft = f"{place}.{os.getpid()}"
    try:
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(draft, "w", encoding="utf-8") as file:
            json.dump(kept, file)
        os.replace(draft, place)  # whole or not at all
    except OSError:
        return


def _file_of(module: object) -> str | None:
    """The file of a module; none for the standard library's, which goes with ``sys.version``."""
    file = getattr(module, "__file__", None)
    if getattr(module, "__name__", "").partition(".")[0] in sys.stdlib_module_names:
        return None
    return file if isinstance(file, str) else None


def _key(group: str) -> list[Any]:
    return [group, __version__, sys.version, sys.path]


def _stamp(file: str) -> Stamp:
    try:
        found = os.stat(file)
    except OSError:
        return None
    return [found.st_mtime_ns, found.st_size]


def _file(group: str) -> str:
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    which = zlib.crc32(repr(_key(group)).encode())
    return os.path.join(base, "vision-agents", f"{group}-{which:08x}.json")
