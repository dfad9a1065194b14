"""What plugin authors import, and how names become plugins. Loads no av, numpy or SDK."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vision_agents.core.plugin.markers import AVATAR_API, hookimpl
from vision_agents.core.plugin.records import (
    AvatarProvider,
    Capabilities,
    Check,
    EdgeProvider,
    Provider,
    SessionInfo,
    VoiceProvider,
    construct,
)
from vision_agents.core.plugin.settings import AvatarSettings, Settings, secret, setting

if TYPE_CHECKING:
    from vision_agents.core.plugin.observers import Observers
    from vision_agents.core.plugin.registry import Registry
else:

    def __getattr__(name: str) -> object:
        # Lazily: a hooks module needs the records only.
        if name == "Registry":
            from vision_agents.core.plugin.registry import Registry

            return Registry
        if name == "Observers":
            from vision_agents.core.plugin.observers import Observers

            return Observers
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "AVATAR_API",
    "AvatarProvider",
    "AvatarSettings",
    "Capabilities",
    "Check",
    "EdgeProvider",
    "Observers",
    "Provider",
    "Registry",
    "SessionInfo",
    "Settings",
    "VoiceProvider",
    "construct",
    "hookimpl",
    "secret",
    "setting",
]
