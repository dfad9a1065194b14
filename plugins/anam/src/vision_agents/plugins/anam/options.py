"""Our settings in the SDK's words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anam.types import DirectorNotes, PersonaConfig, SessionOptions

if TYPE_CHECKING:
    from vision_agents.plugins.anam.settings import AnamSettings


def persona(settings: AnamSettings) -> PersonaConfig:
    """A face without a brain: audio passthrough, so Anam's own speech and language stay off."""
    notes = None
    if settings.preset_style is not None or settings.expressivity is not None:
        notes = DirectorNotes(
            preset_style=settings.preset_style, expressivity=settings.expressivity
        )
    return PersonaConfig(
        name="vision-agents",
        avatar_id=settings.avatar_id,
        avatar_model=settings.avatar_model,
        max_session_length_seconds=settings.max_session_length,
        director_notes=notes,
        enable_audio_passthrough=True,
    )


def session_options(settings: AnamSettings) -> SessionOptions:
    """How the session is rendered, where, and whether it is recorded."""
    return SessionOptions(
        enable_session_replay=settings.session_replay,
        video_quality=settings.video_quality,
        video_width=settings.video_width,
        video_height=settings.video_height,
        show_ai_avatar_disclosure=settings.show_ai_avatar_disclosure or None,
        region=settings.region,
        region_policy=settings.region_policy,
    )
