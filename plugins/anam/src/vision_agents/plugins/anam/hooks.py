"""What core reads when somebody writes ``avatar="anam"``; imports nothing heavy."""

from __future__ import annotations

from vision_agents.core.plugin import AVATAR_API, AvatarProvider, construct, hookimpl
from vision_agents.plugins.anam.records import CAPABILITIES
from vision_agents.plugins.anam.settings import AnamSettings


@hookimpl
def vision_agents_avatar_provider() -> AvatarProvider:
    """Anam's record."""
    return AvatarProvider(
        name="anam",
        api=AVATAR_API,
        summary="Anam: a generated face over WebRTC, through Anam's own SDK",
        settings=AnamSettings,
        capabilities=CAPABILITIES,
        factory=construct("vision_agents.plugins.anam.avatar:AnamAvatar"),
        sandbox="vision_agents.plugins.anam.sandbox:sandbox",
        doctor="vision_agents.plugins.anam.doctor:doctor",
    )
