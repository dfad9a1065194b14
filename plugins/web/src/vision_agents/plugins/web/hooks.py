"""What the registry reads; imports nothing heavy."""

from __future__ import annotations

from vision_agents.core.plugin.markers import AVATAR_API, hookimpl
from vision_agents.core.plugin.records import EdgeProvider, construct
from vision_agents.plugins.web.settings import WebSettings


@hookimpl
def vision_agents_edge_provider() -> EdgeProvider:
    """The browser edge."""
    return EdgeProvider(
        name="web",
        api=AVATAR_API,
        summary="a page on this machine that shows the agent, over WebRTC",
        settings=WebSettings,
        factory=construct("vision_agents.plugins.web.edge:WebEdge"),
    )
