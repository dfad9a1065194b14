"""The embedded voice, behind the extra ``tts``."""

from __future__ import annotations

from vision_agents.plugins.local.tts.voice import LocalTTS

__all__ = ["LocalTTS"]
