"""``vision-agents edges``."""

from __future__ import annotations

from vision_agents.core.cli.listing import list_command

command = list_command("edge", "vision_agents.edges")
