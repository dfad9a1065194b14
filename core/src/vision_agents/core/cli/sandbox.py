"""``vision-agents sandbox``: try an agent against a provider's stand-in, without an account."""

from __future__ import annotations

import asyncio
import os
import shlex
from typing import TYPE_CHECKING

import click

from vision_agents.core.errors import ConfigError, VisionAgentsError
from vision_agents.core.plugin.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vision_agents.core.plugin.records import Sandbox


@click.command("sandbox")
@click.argument("name")
@click.argument("program", nargs=-1, type=click.UNPROCESSED)
@click.option("--port", default=0, show_default="any free one", help="Where it listens.")
@click.option("--fault", "faults", multiple=True, help="Switch a fault on; may be repeated.")
def command(*, name: str, program: tuple[str, ...], port: int, faults: tuple[str, ...]) -> None:
    """Play the service of the avatar NAME on this machine.

    Prints the environment variables that make the avatar use it, and runs until Ctrl-C. With a
    PROGRAM after "--", runs that with the variables set, and ends when it does:

        vision-agents sandbox anam -- python my_agent.py
    """
    opened = Registry().sandbox(name)
    try:
        status = asyncio.run(_serve(name, opened, port=port, faults=faults, program=program))
    except KeyboardInterrupt:
        status = 0  # how one is meant to end it
    except VisionAgentsError:
        raise  # explains itself
    except ValueError as exc:  # a fault it does not know: the message names those it has
        raise click.UsageError(str(exc)) from exc
    raise click.exceptions.Exit(status)


async def _serve(
    name: str, sandbox: Sandbox, *, port: int, faults: Sequence[str], program: Sequence[str]
) -> int:
    async with sandbox(port=port, faults=faults) as environment:
        if program:
            return await _run(program, environment)
        click.echo(f"The stand-in for {name} is running. Set these where your agent runs:\n")
        for variable, value in environment.items():
            click.echo(f"  export {variable}={shlex.quote(value)}")
        click.echo("\nCtrl-C ends it.")
        await asyncio.Event().wait()
        return 0


async def _run(program: Sequence[str], environment: Mapping[str, str]) -> int:
    try:
        child = await asyncio.create_subprocess_exec(*program, env={**os.environ, **environment})
    except OSError as exc:
        raise ConfigError(f"cannot run {program[0]!r}: {exc.strerror}") from exc
    try:
        return await child.wait()
    finally:
        if child.returncode is None:
            child.terminate()
            await child.wait()
