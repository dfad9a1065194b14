"""Playback truth, under the path that avatars and agents import it from."""

from __future__ import annotations

from vision_agents.core.media.playback import Playback
from vision_agents.core.media.playback_events import (
    Cleared,
    Finished,
    MarkPlayed,
    PlaybackEvent,
    ProviderMark,
    Started,
    UtteranceFinished,
    UtteranceStarted,
)
from vision_agents.core.media.utterances import UtteranceTracker

__all__ = [
    "Cleared",
    "Finished",
    "MarkPlayed",
    "Playback",
    "PlaybackEvent",
    "ProviderMark",
    "Started",
    "UtteranceFinished",
    "UtteranceStarted",
    "UtteranceTracker",
]
