"""What Anam's audio passthrough wants and gives (documentation and SDK 0.12, read August 2026)."""

from __future__ import annotations

from vision_agents.core.plugin import Capabilities

CAPABILITIES = Capabilities(
    sample_rate_hz=24_000,
    channels=1,
    first_chunk_s=0.08,
    chunk_s=0.25,
    # The engine buffers without limit; a small lead leaves an interrupt little to drop.
    max_lead_s=3.0,
    reports=frozenset(),
    needs_account=True,
    needs_services=("base_url",),
)
