"""``vision-agents avatars``."""

from __future__ import annotations

from vision_agents.core.cli.listing import list_command
from vision_agents.core.plugin.registry import AVATARS

command = list_command(AVATARS)
