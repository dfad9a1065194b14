"""A table, or JSON, of what is installed in one group. Imports no more than the light records."""

from __future__ import annotations

import logging
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import click
from vision_agents.core.plugin.known import KNOWN
from vision_agents.core.plugin.records import AvatarProvider, Capabilities
from vision_agents.core.plugin.registry import Group, Listed, Registry

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vision_agents.core.plugin.records import Provider


def list_command(group: Group[Any]) -> click.Command:
    """Make the command that lists ``group``."""

    @click.command(f"{group.kind}s", help=f"List the installed {group.kind}s.")
    @click.option("--json", "as_json", is_flag=True, help="Everything they say about themselves.")
    def command(*, as_json: bool) -> None:
        logging.disable(logging.WARNING)  # a broken one has its reason in the table
        rows = Registry().installed(group)
        if as_json:
            import json

            click.echo(json.dumps([_as_json(row) for row in rows], indent=2))
        else:
            click.echo(_as_text(group, rows))

    return command


def _as_text(group: Group[Any], rows: Sequence[Listed[Any]]) -> str:
    if not rows:
        ways = "\n".join(
            f"  pip install {x}" for x in dict.fromkeys(KNOWN[group.entry_points].values())
        )
        return f"No {group.kind} is installed.  Install one with:\n{ways}"
    good = [(row, row.provider) for row in rows if row.provider and not row.problem]
    lines: list[str] = []
    if good:
        has_capabilities = group.record is AvatarProvider
        head = ("NAME", "PACKAGE", *(("SOUND", "PICTURE", "NEEDS") if has_capabilities else ()))
        table = [(*head, "WHAT IT IS")]
        for row, provider in good:
            detail = _capabilities(provider.capabilities) if has_capabilities else ()
            name = ", ".join((row.name, *row.aliases))
            package = f"{row.distribution} {row.version}"
            table.append((name, package, *detail, provider.summary))
        lines += _columns(table)
    for row in rows:
        if row.problem:
            lines += ["", f"{row.name} does not work: {row.problem}"]
    return "\n".join(lines).lstrip("\n")


def _capabilities(has: Capabilities) -> tuple[str, str, str]:
    layout = {1: "mono", 2: "stereo"}.get(has.channels, f"{has.channels} channels")
    size = f"{has.width}x{has.height}" if has.width and has.height else "as asked"
    fps = f" at {has.fps:g}" if has.fps else ""
    return (
        f"{has.sample_rate_hz / 1000:g} kHz {layout}",
        size + fps,
        "account" if has.needs_account else "nothing",
    )


def _columns(table: Sequence[tuple[str, ...]]) -> Iterable[str]:
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()


def _as_json(row: Listed[Any]) -> dict[str, Any]:
    result: dict[str, Any] = {
        "name": row.name,
        "aliases": list(row.aliases),
        "distribution": row.distribution,
        "version": row.version,
        "problem": row.problem or None,
    }
    if row.provider is not None:
        result |= _provider_as_json(row.provider)
    return result


def _provider_as_json(provider: Provider) -> dict[str, Any]:
    result: dict[str, Any] = {
        "summary": provider.summary,
        "api": provider.api,
        "settings": [
            {
                "name": info.name,
                "environment": info.env,
                "required": info.required,
                "secret": info.secret,
                "default": None if info.secret else info.default,
                "help": info.help,
            }
            for info in provider.settings.describe()
        ],
    }
    if isinstance(provider, AvatarProvider):
        result["sandbox"] = provider.sandbox is not None
        result["capabilities"] = {
            item.name: sorted(value) if isinstance(value, frozenset) else value
            for item in fields(Capabilities)
            for value in (getattr(provider.capabilities, item.name),)
        }
    return result
