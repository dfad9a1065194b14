"""Avatar, edge and voice from a TOML file, in the shape in which ``Agent`` takes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypedDict

from vision_agents.core.errors import ConfigError


class AgentTables(TypedDict, total=False):
    """What a file may hold: ``Agent(**read_config("agent.toml"))``."""

    avatar: dict[str, Any] | list[dict[str, Any]]
    edge: dict[str, Any]
    tts: dict[str, Any]


def read_config(path: str | Path) -> AgentTables:
    """Read a file such as::

        [avatar]            # or several [[avatar]]: the first that works speaks
        name = "anam"
        fps = 25

        [edge]
        name = "web"

    Names and settings are looked at when the Agent uses them. Keep keys in the environment.

    Raises:
        ConfigError: no such file, no TOML (with line and column), or a table that none of the
            arguments is called after.
    """
    import tomllib  # only those who keep their settings in a file need it

    try:
        tables = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as exc:
        raise ConfigError(f"cannot read {path}: {exc.strerror}") from exc
    except ValueError as exc:  # not UTF-8, or not TOML
        raise ConfigError(f"{path} is not a TOML file: {exc}") from exc
    result: AgentTables = {}
    for name, table in tables.items():
        if name == "avatar" and isinstance(table, (dict, list)):
            result["avatar"] = table
        elif name in ("edge", "tts") and isinstance(table, dict):
            result[name] = table  # type: ignore[literal-required]  # one of the two just named
        elif name in ("avatar", "edge", "tts"):
            raise ConfigError(f'{path}: write {name} as a table: [{name}] and name = "..." in it')
        else:
            raise ConfigError(f"{path}: no table may be called [{name}]; use avatar, edge or tts")
    return result
