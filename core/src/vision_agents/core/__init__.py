"""A face for any voice agent: the Avatar contract, the A/V sync engine, hooks and an Agent."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from vision_agents.core.agents.user import User
from vision_agents.core.errors import VisionAgentsError

if TYPE_CHECKING:
    from vision_agents.core.agents.agent import Agent
else:

    def __getattr__(name: str) -> object:
        if name == "Agent":  # lazily: it needs av and numpy
            from vision_agents.core.agents.agent import Agent

            return Agent
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__version__ = "0.1.0"
__all__ = ["Agent", "User", "VisionAgentsError", "__version__"]

logging.getLogger(__name__).addHandler(logging.NullHandler())
