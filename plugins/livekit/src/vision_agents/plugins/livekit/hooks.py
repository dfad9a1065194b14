"""The entry point: what the LiveKit edge is, without loading it."""

from __future__ import annotations

from vision_agents.core.plugin import AVATAR_API, EdgeProvider, construct

from .settings import LiveKitEdgeSettings


def vision_agents_edge_provider() -> EdgeProvider:
    """``edge="livekit"``: the agent as a participant of a LiveKit room."""
    return EdgeProvider(
        name="livekit",
        api=AVATAR_API,
        summary="a LiveKit room: the agent joins as a participant, publishes and listens",
        settings=LiveKitEdgeSettings,
        factory=construct("vision_agents.plugins.livekit.edge:LiveKitEdge"),
    )
