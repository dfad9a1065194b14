"""What tests of avatars are made of: the conformance kit, and what stand-ins are built from.

Needs the extra ``testing``. Names are imported when first used: pytest loads this package in every
run, through the kit's report.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vision_agents.core.testing.clock import virtual_time
    from vision_agents.core.testing.conformance import AvatarConformance, Bench, Fault, overrides
    from vision_agents.core.testing.leaks import nothing_left_behind
    from vision_agents.core.testing.markers import FlashRenderer, MarkerDetector
    from vision_agents.core.testing.puppet import Puppet
    from vision_agents.core.testing.requirements import missing, require_program
    from vision_agents.core.testing.service import ServiceLog
else:
    _HOMES = {
        "AvatarConformance": "conformance",
        "Bench": "conformance",
        "Fault": "conformance",
        "FlashRenderer": "markers",
        "MarkerDetector": "markers",
        "Puppet": "puppet",
        "ServiceLog": "service",
        "missing": "requirements",
        "nothing_left_behind": "leaks",
        "overrides": "conformance",
        "require_program": "requirements",
        "virtual_time": "clock",
    }

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


__all__ = [
    "AvatarConformance",
    "Bench",
    "Fault",
    "FlashRenderer",
    "MarkerDetector",
    "Puppet",
    "ServiceLog",
    "missing",
    "nothing_left_behind",
    "overrides",
    "require_program",
    "virtual_time",
]
