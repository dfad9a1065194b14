"""``vision-agents voices``."""

from __future__ import annotations

from vision_agents.core.cli.listing import list_command
from vision_agents.core.plugin.registry import VOICES

command = list_command(VOICES)
