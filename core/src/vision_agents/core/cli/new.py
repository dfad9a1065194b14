"""``vision-agents new``: from a name to a package that passes its own tests."""

from __future__ import annotations

from pathlib import Path

import click

from vision_agents.core.cli.scaffold import Names, write_package


@click.command("new")
@click.argument("name")
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    default=None,
    help="Where to write it; by default NAME-avatar below the current folder.",
)
def command(*, name: str, folder: Path | None) -> None:
    """Write a package that adds the avatar NAME.

    It has settings, an avatar on core's supervision, a stand-in that plays the service, the
    conformance test, a README and a CI file; and it works at once, against the stand-in.
    """
    names = Names.of(name)
    folder = folder or Path(names.distribution)
    files = write_package(names, folder)
    click.echo(f"Wrote {len(files)} files to {folder}.\n\nPut it to the test:\n")
    click.echo(f'  cd {folder}\n  pip install -e ".[test]"\n  pytest\n')
    click.echo("Then open README.md: it says what to replace, in which order.")
