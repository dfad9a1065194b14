"""From entry points to names: normalised, with aliases, duplicates seen and nothing imported."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vision_agents.core.plugin.errors import Origin

if TYPE_CHECKING:
    from collections.abc import Iterable
    from importlib.metadata import Distribution, EntryPoint


def normalise(name: str) -> str:
    """Make ``My_Avatar``, ``my.avatar`` and ``my-avatar`` one name, as package names are."""
    return re.sub(r"[-_.\s]+", "-", name.strip()).lower()


@dataclass(frozen=True, slots=True)
class Candidate:
    """One name that one distribution offers in one group."""

    name: str
    entry_point: EntryPoint
    origin: Origin

    @classmethod
    def of(cls, entry_point: EntryPoint) -> Candidate:
        """Read the names and versions; imports nothing of the plugin."""
        dist = entry_point.dist
        origin = Origin(
            distribution=dist.name if dist else "an unnamed distribution",
            version=dist.version if dist else "of unknown version",
            target=entry_point.value,
        )
        return cls(normalise(entry_point.name), entry_point, origin)

    @property
    def distribution(self) -> Distribution | None:
        """The installed package, for its requirements. ``None`` for a bare entry point."""
        return self.entry_point.dist


def candidates(entry_points: Iterable[EntryPoint]) -> dict[str, tuple[Candidate, ...]]:
    """Sort entry points by normalised name; several candidates for a name are a conflict.

    The same distribution found twice on the path (an editable install over a wheel) counts once:
    the first one is what Python imports.
    """
    found: dict[str, dict[str, Candidate]] = {}
    for entry_point in entry_points:
        candidate = Candidate.of(entry_point)
        by_distribution = found.setdefault(candidate.name, {})
        by_distribution.setdefault(normalise(candidate.origin.distribution), candidate)
    return {name: tuple(claims.values()) for name, claims in found.items()}
