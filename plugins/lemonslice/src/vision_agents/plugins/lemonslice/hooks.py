"""The entry point: what LemonSlice is, without loading it."""

from __future__ import annotations

from vision_agents.core.plugin import AVATAR_API, AvatarProvider, construct, hookimpl
from vision_agents.plugins.lemonslice.records import CAPABILITIES
from vision_agents.plugins.lemonslice.settings import LemonSliceSettings


@hookimpl
def vision_agents_avatar_provider() -> AvatarProvider:
    """``avatar="lemonslice"``."""
    return AvatarProvider(
        name="lemonslice",
        api=AVATAR_API,
        summary="LemonSlice over LiveKit: a talking face from one picture",
        settings=LemonSliceSettings,
        capabilities=CAPABILITIES,
        factory=construct("vision_agents.plugins.lemonslice.avatar:LemonSliceAvatar"),
        sandbox="vision_agents.plugins.lemonslice.sandbox:sandbox",
        doctor="vision_agents.plugins.lemonslice.doctor:doctor",
    )
