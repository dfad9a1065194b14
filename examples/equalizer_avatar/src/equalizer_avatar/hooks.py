"""What core reads when somebody writes avatar="equalizer"; imports nothing heavy."""

from __future__ import annotations

from equalizer_avatar.settings import EqualizerSettings
from vision_agents.core.plugin import AVATAR_API, AvatarProvider, construct, hookimpl


@hookimpl
def vision_agents_avatar_provider() -> AvatarProvider:
    """Say what this package provides."""
    return AvatarProvider(
        name="equalizer",
        api=AVATAR_API,
        summary="A spectrum that dances to the voice",
        settings=EqualizerSettings,
        factory=construct("equalizer_avatar.avatar:EqualizerAvatar"),
    )
