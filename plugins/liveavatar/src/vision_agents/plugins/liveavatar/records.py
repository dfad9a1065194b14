"""What LiveAvatar's LITE mode wants and gives (provider's documentation, read August 2026)."""

from __future__ import annotations

from vision_agents.core.plugin import Capabilities
from vision_agents.plugins.livekit.policy import RECEIVE_SKEW_S

CAPABILITIES = Capabilities(
    sample_rate_hz=24_000,
    channels=1,
    # A short first chunk for latency; then half seconds: two messages a second, and no later than
    # the service's render latency (0.7 s at least) when speech comes in real time.
    first_chunk_s=0.08,
    chunk_s=0.5,
    max_chunk_bytes=700_000,
    # An interrupt then has little to drop.
    max_lead_s=3.0,
    receive_skew_s=RECEIVE_SKEW_S,
    keep_alive_s=120.0,
    idle_timeout_s=300.0,
    reports=frozenset({"started", "finished"}),
    needs_account=True,
    needs_services=("base_url",),
)
