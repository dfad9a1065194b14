"""The group of commands: has a line about each, and imports only the one that is run."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

import click

from vision_agents.core import __version__
from vision_agents.core.errors import VisionAgentsError


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a command lives. The module's ``command`` is the click command."""

    module: str
    summary: str


COMMANDS: Final[dict[str, Entry]] = {
    "avatars": Entry("vision_agents.core.cli.avatars", "List the installed avatars."),
    "demo": Entry("vision_agents.core.cli.demo", "Talk to a face in the browser."),
    "doctor": Entry("vision_agents.core.cli.doctor", "Say what keeps a plugin from working."),
    "edges": Entry("vision_agents.core.cli.edges", "List the installed edges."),
    "new": Entry("vision_agents.core.cli.new", "Write a package that adds an avatar."),
    "render": Entry("vision_agents.core.cli.render", "Speak a text into a video file."),
    "sandbox": Entry("vision_agents.core.cli.sandbox", "Play a provider's service, offline."),
    "sync-check": Entry("vision_agents.core.cli.sync_check", "Measure lip-sync."),
    "voices": Entry("vision_agents.core.cli.voices", "List the installed voices."),
}


class LazyGroup(click.Group):
    """Imports a command's module when it is run, and turns our errors into one line of text."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        command: click.Command = import_module(entry.module).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from difflib import get_close_matches  # only on the way to an error

            near = get_close_matches(args[0], COMMANDS, n=1)
            hint = f"  Did you mean {near[0]!r}?" if near else f"  There are: {', '.join(COMMANDS)}"
            ctx.fail(f"no command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.summary) for name, entry in sorted(COMMANDS.items())])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except VisionAgentsError as exc:
            raise click.ClickException(str(exc)) from exc


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="vision-agents-core %(version)s")
def vision_agents() -> None:
    """A lip-synced face for any voice agent.

    Start with: vision-agents demo
    """
