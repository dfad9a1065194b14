"""``vision-agents voices``."""

from __future__ import annotations

from vision_agents.core.cli.listing import list_command

command = list_command("voice", "vision_agents.voices")
