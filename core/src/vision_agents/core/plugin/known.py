"""The entry-point groups, and which of our distributions brings which name, for install hints.

Only a hint: what is installed is found by entry points alone, ours and a stranger's alike.
"""

from __future__ import annotations

from typing import Final

AVATARS: Final = "vision_agents.avatars"
EDGES: Final = "vision_agents.edges"
VOICES: Final = "vision_agents.voices"
OBSERVERS: Final = "vision_agents.hooks"

KNOWN: Final[dict[str, dict[str, str]]] = {
    AVATARS: {
        "anam": "vision-agents-anam",
        "heygen": "vision-agents-liveavatar",
        "lemonslice": "vision-agents-lemonslice",
        "liveavatar": "vision-agents-liveavatar",
        "local": "vision-agents-local",
    },
    EDGES: {
        "livekit": "vision-agents-livekit",
        "web": "vision-agents-web",
    },
    VOICES: {
        "local": "vision-agents-local[tts]",
    },
}


def quoted(distribution: str) -> str:
    """A requirement as a shell takes it: the brackets of an extra would be a pattern."""
    return f'"{distribution}"' if "[" in distribution else distribution
