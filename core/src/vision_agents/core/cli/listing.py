"""A table, or JSON, of what is installed in one group. Imports no more than the light records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from vision_agents.core.cli.remembered import recall, remember

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Row = dict[str, Any]

HEADS: Final = ("NAME", "PACKAGE", "SOUND", "PICTURE", "NEEDS", "WHAT IT IS")


def list_command(kind: str, group: str) -> click.Command:
    """Make the command that lists the entry-point group ``group``, made of ``kind``s."""

    @click.command(f"{kind}s", help=f"List the installed {kind}s.")
    @click.option("--json", "as_json", is_flag=True, help="Everything they say about themselves.")
    def command(*, as_json: bool) -> None:
        rows = recall(group)
        if rows is None:
            rows = _ask(group)
            if not any(row["problem"] for row in rows):  # what mends one may be anywhere
                remember(group, rows)
        if as_json:
            import json

            click.echo(json.dumps(rows, indent=2))
        else:
            click.echo(_as_text(kind, group, rows))

    return command


def _ask(group: str) -> list[Row]:
    """Load every record of the group."""
    from vision_agents.core.cli.rows import as_row
    from vision_agents.core.plugin.registry import GROUPS, Registry

    (asked,) = (known for known in GROUPS if known.entry_points == group)
    return [as_row(listed) for listed in Registry().installed(asked)]


def _as_text(kind: str, group: str, rows: Sequence[Row]) -> str:
    if not rows:
        from vision_agents.core.plugin.known import KNOWN, quoted  # imports pluggy: 15 ms

        known = sorted(set(KNOWN[group].values()))
        ways = "\n".join(f"  pip install {quoted(distribution)}" for distribution in known)
        return f"No {kind} is installed.  Install one with:\n{ways}"
    lines: list[str] = []
    good = [row for row in rows if not row["problem"]]
    if good:
        table = [HEADS, *map(_cells, good)]
        if kind != "avatar":  # only avatars have capabilities
            table = [(*cells[:2], *cells[5:]) for cells in table]
        lines += _columns(table)
    bad = [f"{row['name']} does not work: {row['problem']}" for row in rows if row["problem"]]
    for line in dict.fromkeys(bad):  # a name that two claim says the same of both
        lines += ["", line]
    return "\n".join(lines).lstrip("\n")


def _cells(row: Row) -> tuple[str, ...]:
    return (
        ", ".join((row["name"], *row["aliases"])),
        f"{row['distribution']} {row['version']}",
        *_capabilities(row.get("capabilities")),
        row["summary"],
    )


def _capabilities(has: dict[str, Any] | None) -> tuple[str, str, str]:
    if has is None:
        return "", "", ""
    layout = {1: "mono", 2: "stereo"}.get(has["channels"], f"{has['channels']} channels")
    size = f"{has['width']}x{has['height']}" if has["width"] and has["height"] else "as asked"
    fps = f" at {has['fps']:g}" if has["fps"] else ""
    return (
        f"{has['sample_rate_hz'] / 1000:g} kHz {layout}",
        size + fps,
        "account" if has["needs_account"] else "nothing",
    )


def _columns(table: Sequence[tuple[str, ...]]) -> Iterable[str]:
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()
