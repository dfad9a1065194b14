"""``vision-agents edges``."""

from __future__ import annotations

from vision_agents.core.cli.listing import list_command
from vision_agents.core.plugin.registry import EDGES

command = list_command(EDGES)
