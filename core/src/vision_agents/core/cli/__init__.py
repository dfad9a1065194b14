"""The command ``vision-agents``. One file per command; each is imported when it is run."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line. Exits with 0, 1 (it failed) or 2 (it was called wrongly)."""
    try:
        from vision_agents.core.cli.group import vision_agents
    except ModuleNotFoundError as exc:
        if exc.name != "click":
            raise
        sys.exit(
            'vision-agents needs the extra "cli".  '
            'Install it with: pip install "vision-agents-core[cli]"'
        )
    vision_agents(prog_name="vision-agents")
