"""Writes a complete third-party package out of the template beside this file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from vision_agents.core import __version__
from vision_agents.core.errors import ConfigError
from vision_agents.core.plugin.known import AVATARS, KNOWN
from vision_agents.core.plugin.names import normalise

__all__ = ["Names", "write_package"]

TEMPLATE: Final = Path(__file__).with_name("template")
SUFFIX: Final = ".tmpl"
MOST_LETTERS: Final = 20
"""Longer names would need other line breaks than the template has."""


@dataclass(frozen=True, slots=True)
class Names:
    """A provider's name in each of the forms that a package needs."""

    name: str
    """As users write it: ``talking-head``."""

    @classmethod
    def of(cls, text: str) -> Names:
        """Check and normalise what somebody typed.

        Raises:
            ConfigError: it cannot be a name, or is one of ours.
        """
        name = normalise(text)
        if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name) or len(name) > MOST_LETTERS:
            raise ConfigError(
                f"{text!r} cannot be the name of an avatar: take up to {MOST_LETTERS} letters, "
                "digits and hyphens, a letter first"
            )
        if name in KNOWN[AVATARS]:
            raise ConfigError(f"{name!r} is taken by {KNOWN[AVATARS][name]}: take another name")
        return cls(name)

    @property
    def distribution(self) -> str:
        return f"{self.name}-avatar"

    @property
    def package(self) -> str:
        return self.distribution.replace("-", "_")

    @property
    def prefix(self) -> str:
        """Of classes: ``TalkingHead``."""
        return "".join(part.capitalize() for part in self.name.split("-"))

    @property
    def variable(self) -> str:
        """Of environment variables: ``TALKING_HEAD``."""
        return self.name.replace("-", "_").upper()

    def fill(self, text: str) -> str:
        """Put the names where the template says acme, and core's versions where it says so."""
        values = {
            "@CORE@": _core_range(),
            "acme_avatar": self.package,
            "acme-avatar": self.distribution,
            "ACME": self.variable,
            "Acme": self.prefix,
            "acme": self.name,
        }
        # In one pass: a name may have a placeholder in it, such as acme-corp.
        return re.sub("|".join(values), lambda found: values[found[0]], text)


def write_package(names: Names, folder: Path) -> list[Path]:
    """Write the package into ``folder``, which must not exist or be empty; gives the files.

    Raises:
        ConfigError: there is something in the folder, or it cannot be written.
    """
    try:
        if folder.exists() and any(folder.iterdir()):
            raise ConfigError(f"{folder} is not empty: name another with --folder")
        return [_write(names, source, folder) for source in sorted(TEMPLATE.rglob(f"*{SUFFIX}"))]
    except OSError as exc:
        raise ConfigError(f"cannot write {exc.filename}: {exc.strerror}") from exc


def _write(names: Names, source: Path, folder: Path) -> Path:
    inside = str(source.relative_to(TEMPLATE)).removesuffix(SUFFIX)
    target = folder / names.fill(inside)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(names.fill(source.read_text(encoding="utf-8")), encoding="utf-8")
    return target


def _core_range() -> str:
    """The versions of core that this template was written for: before 1.0 a minor may break."""
    major, minor, *_ = __version__.split(".")
    upper = f"{major}.{int(minor) + 1}" if major == "0" else str(int(major) + 1)
    return f">={major}.{minor},<{upper}"
