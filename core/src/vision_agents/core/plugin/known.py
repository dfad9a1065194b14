"""Names of our own plugins and the distribution that brings each, for install hints.

Only a hint: what is installed is found by entry points alone, ours and a stranger's alike.
"""

from __future__ import annotations

from typing import Final

KNOWN: Final[dict[str, dict[str, str]]] = {
    "vision_agents.avatars": {
        "anam": "vision-agents-anam",
        "heygen": "vision-agents-liveavatar",
        "lemonslice": "vision-agents-lemonslice",
        "liveavatar": "vision-agents-liveavatar",
        "local": "vision-agents-local",
    },
    "vision_agents.edges": {
        "livekit": "vision-agents-livekit",
        "web": "vision-agents-web",
    },
    "vision_agents.voices": {
        "local": "vision-agents-local[tts]",
    },
}
