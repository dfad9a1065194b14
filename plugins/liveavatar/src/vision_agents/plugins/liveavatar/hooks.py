"""What core reads when somebody writes ``avatar="liveavatar"``; imports nothing heavy."""

from __future__ import annotations

from vision_agents.core.plugin import AVATAR_API, AvatarProvider, construct, hookimpl
from vision_agents.plugins.liveavatar.records import CAPABILITIES
from vision_agents.plugins.liveavatar.settings import LiveAvatarSettings


@hookimpl
def vision_agents_avatar_provider() -> AvatarProvider:
    """LiveAvatar's record."""
    return AvatarProvider(
        name="liveavatar",
        api=AVATAR_API,
        summary="LiveAvatar by HeyGen: a filmed or generated face over LiveKit",
        settings=LiveAvatarSettings,
        capabilities=CAPABILITIES,
        factory=construct("vision_agents.plugins.liveavatar.avatar:LiveAvatarAvatar"),
        sandbox="vision_agents.plugins.liveavatar.sandbox:sandbox",
        doctor="vision_agents.plugins.liveavatar.doctor:doctor",
    )
