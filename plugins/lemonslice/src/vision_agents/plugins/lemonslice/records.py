"""What LemonSlice wants and gives (its documentation and measurements of others, 2026-08)."""

from __future__ import annotations

from typing import Final

from vision_agents.core.plugin import Capabilities
from vision_agents.plugins.livekit.policy import RECEIVE_SKEW_S

CAPABILITIES: Final = Capabilities(
    sample_rate_hz=16_000,
    channels=1,
    first_chunk_s=0.1,
    chunk_s=0.2,  # one write is one trip through the SDK, whatever its size
    max_lead_s=None,  # "push as the TTS yields": the worker does the playout
    width=368,
    height=560,
    fps=25.0,
    idle_timeout_s=60.0,
    max_session_s=1800.0,
    receive_skew_s=RECEIVE_SKEW_S,
    reports=frozenset({"started", "finished"}),
    needs_account=True,
    needs_services=("livekit_url", "base_url"),
)
