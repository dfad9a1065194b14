"""``vision-agents doctor``: what can be checked without a call, and what to do about it."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from vision_agents.core.cli.checks import check_everything, check_name

if TYPE_CHECKING:
    from vision_agents.core.plugin.records import Check

MARKS = {True: "ok  ", False: "FAIL", None: "?   "}


@click.command("doctor")
@click.argument("name", required=False)
@click.option("--online", is_flag=True, help="Also try to reach the servers it needs.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def command(*, name: str | None, online: bool, as_json: bool) -> None:
    """Say what keeps the plugin NAME from working, and what mends it.

    Without NAME: this installation, and every plugin in it. Nothing is sent anywhere unless
    --online is given, and no session is opened at a provider even then.
    """
    checks = asyncio.run(check_name(name, online=online) if name else check_everything())
    if as_json:
        click.echo(json.dumps([asdict(check) for check in checks], indent=2))
    else:
        for check in checks:
            click.echo(_line(check))
    failed = sum(check.ok is False for check in checks)
    if failed:
        raise click.exceptions.Exit(1)
    if not as_json:
        click.echo(
            "All is well." if name else "All is well. For one plugin: vision-agents doctor NAME"
        )


def _line(check: Check) -> str:
    text = f"{MARKS[check.ok]}  {check.what}"
    if check.detail:
        text += f": {check.detail}"
    if check.remedy:
        text += f"\n      -> {check.remedy}"
    return text
