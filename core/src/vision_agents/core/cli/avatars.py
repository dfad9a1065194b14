"""``vision-agents avatars``."""

from __future__ import annotations

from vision_agents.core.cli.listing import list_command

command = list_command("avatar", "vision_agents.avatars")
