"""Tools for testing avatars, agents and what is written around them; versioned like the rest.

The conformance kit needs the extra ``testing``; everything else here needs core alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vision_agents.core.testing.conformance import AvatarConformance, Bench, Fault, overrides
    from vision_agents.core.testing.service import ServiceLog
else:

    def __getattr__(name: str) -> object:
        # Lazily: the report, a plugin of every pytest run, lives in this package.
        if name in ("AvatarConformance", "Bench", "Fault", "overrides"):
            from vision_agents.core.testing import conformance

            return getattr(conformance, name)
        if name == "ServiceLog":
            from vision_agents.core.testing.service import ServiceLog

            return ServiceLog
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = ["AvatarConformance", "Bench", "Fault", "ServiceLog", "overrides"]
