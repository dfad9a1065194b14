"""What can go wrong between a name and an object.

::

    PluginError
    ├── UnknownPluginError (LookupError)    nobody installed provides that name
    ├── DuplicatePluginError                two distributions claim it
    ├── BrokenPluginError                   it is installed and cannot be loaded or built
    │   └── MisspeltHookError               its module implements a hook that does not exist
    └── IncompatiblePluginError             written for another version of the contract
"""

from __future__ import annotations

from dataclasses import dataclass

from vision_agents.core.errors import PluginError
from vision_agents.core.plugin.known import quoted


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a name comes from."""

    distribution: str
    version: str
    target: str
    """The entry point's value: the hooks module."""

    def __str__(self) -> str:
        return f"{self.distribution} {self.version} ({self.target})"


class UnknownPluginError(PluginError, LookupError):
    """No installed package provides the name."""

    def __init__(
        self,
        kind: str,
        name: str,
        installed: tuple[str, ...],
        *,
        near: str | None = None,
        distribution: str | None = None,
    ) -> None:
        super().__init__(kind, name)
        self.kind = kind
        self.name = name
        self.installed = installed
        self.near = near
        """An installed or known name that looks like the one asked for."""
        self.distribution = distribution
        """The distribution that provides ``name`` (or ``near``, where that is not installed)."""

    def __str__(self) -> str:
        text = (
            f"no {self.kind} named {self.name!r}; installed: {', '.join(self.installed) or 'none'}."
        )
        if self.near:
            text += f"  Did you mean {self.near!r}?"
        if self.distribution:
            text += f"  Install it with: pip install {quoted(self.distribution)}"
        elif not self.near:
            text += f"  Install the package that provides it, or see: vision-agents {self.kind}s"
        return text


class DuplicatePluginError(PluginError):
    """Two distributions claim one name, so neither is chosen."""

    def __init__(self, kind: str, name: str, origins: tuple[Origin, ...]) -> None:
        super().__init__(kind, name)
        self.kind = kind
        self.name = name
        self.origins = origins

    def __str__(self) -> str:
        claims = " and ".join(str(origin) for origin in self.origins)
        choices = " or ".join(f"pip uninstall {origin.distribution}" for origin in self.origins)
        return f"the {self.kind} name {self.name!r} is claimed by {claims}.  Keep one: {choices}"


class BrokenPluginError(PluginError):
    """A plugin is installed and cannot be loaded or built. ``__cause__`` has what it raised."""

    def __init__(self, kind: str, name: str, origin: Origin, problem: str, remedy: str) -> None:
        super().__init__(kind, name)
        self.kind = kind
        self.name = name
        self.origin = origin
        self.problem = problem
        self.remedy = remedy

    def __str__(self) -> str:
        return (
            f"the {self.kind} {self.name!r} from {self.origin} is broken: "
            f"{self.problem}.  {self.remedy}"
        )


class MisspeltHookError(BrokenPluginError):
    """The module implements a hook of ours that does not exist."""


class IncompatiblePluginError(PluginError):
    """The plugin was written for another version of the contract."""

    def __init__(
        self, kind: str, name: str, origin: Origin, *, plugin_api: int, core_api: int
    ) -> None:
        super().__init__(kind, name)
        self.kind = kind
        self.name = name
        self.origin = origin
        self.plugin_api = plugin_api
        self.core_api = core_api

    def __str__(self) -> str:
        older = (
            self.origin.distribution if self.plugin_api < self.core_api else "vision-agents-core"
        )
        return (
            f"the {self.kind} {self.name!r} from {self.origin} speaks version {self.plugin_api} "
            f"of the contract and vision-agents-core speaks version {self.core_api}.  "
            f"Upgrade the older side: pip install --upgrade {older}"
        )
