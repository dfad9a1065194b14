"""Where the agent meets people: what every transport implements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vision_agents.core.edge.call import Call, Participant
from vision_agents.core.edge.commands import Command, Interrupt, Say
from vision_agents.core.edge.edge import Edge

if TYPE_CHECKING:
    from vision_agents.core.edge.audio_track import AudioSink, OutboundAudioTrack
else:

    def __getattr__(name: str) -> object:
        if name in {"AudioSink", "OutboundAudioTrack"}:  # lazily: they need aiortc and av
            from vision_agents.core.edge import audio_track

            return getattr(audio_track, name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "AudioSink",
    "Call",
    "Command",
    "Edge",
    "Interrupt",
    "OutboundAudioTrack",
    "Participant",
    "Say",
]
