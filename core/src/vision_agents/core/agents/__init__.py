"""The agent: composes an edge, a voice, a language model and an avatar."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vision_agents.core.agents.user import User

if TYPE_CHECKING:
    from vision_agents.core.agents.agent import Agent, AgentState
else:

    def __getattr__(name: str) -> object:
        if name in {"Agent", "AgentState"}:  # lazily: it needs av and numpy
            from vision_agents.core.agents import agent

            return getattr(agent, name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = ["Agent", "AgentState", "User"]
