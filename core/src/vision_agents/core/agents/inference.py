"""The streams between an agent's voice and its avatar, under the path users know them by."""

from __future__ import annotations

from vision_agents.core.media.audio_stream import (
    AudioOutputChunk,
    AudioOutputFlush,
    AudioOutputStream,
)

__all__ = ["AudioOutputChunk", "AudioOutputFlush", "AudioOutputStream"]
