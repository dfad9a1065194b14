"""Where the entry points lead: what this distribution provides, without importing it."""

from __future__ import annotations

from vision_agents.core.plugin import (
    AVATAR_API,
    AvatarProvider,
    Capabilities,
    VoiceProvider,
    construct,
    hookimpl,
)
from vision_agents.plugins.local.settings import LocalAvatarSettings, LocalVoiceSettings


@hookimpl
def vision_agents_avatar_provider() -> AvatarProvider:
    """The face that is drawn on this machine's CPU."""
    return AvatarProvider(
        name="local",
        api=AVATAR_API,
        summary="A friendly face drawn on this machine's CPU: no account, no network",
        settings=LocalAvatarSettings,
        capabilities=Capabilities(sample_rate_hz=48_000),
        factory=construct("vision_agents.plugins.local.avatar:LocalAvatar"),
    )


@hookimpl
def vision_agents_voice_provider() -> VoiceProvider:
    """The espeak-ng voice, behind the extra ``tts``."""
    return VoiceProvider(
        name="local",
        api=AVATAR_API,
        summary="espeak-ng on this machine: over a hundred languages, clear but robotic",
        settings=LocalVoiceSettings,
        factory=construct("vision_agents.plugins.local.tts:LocalTTS"),
    )
