"""Browser edge: see and hear the agent on a page on localhost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vision_agents.plugins.web.settings import WebSettings

if TYPE_CHECKING:
    from vision_agents.plugins.web.edge import WebEdge
    from vision_agents.plugins.web.edge import WebEdge as Edge
else:

    def __getattr__(name: str) -> object:
        if name in {"WebEdge", "Edge"}:  # lazily: it needs aiohttp, aiortc and av
            from vision_agents.plugins.web.edge import WebEdge

            return WebEdge
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__version__ = "0.1.0"
__all__ = ["Edge", "WebEdge", "WebSettings", "__version__"]
