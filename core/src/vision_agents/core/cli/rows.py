"""What a plugin says about itself, as JSON has it."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from vision_agents.core.plugin.records import AvatarProvider, Capabilities

if TYPE_CHECKING:
    from vision_agents.core.plugin.records import Provider
    from vision_agents.core.plugin.registry import Listed


def as_row(listed: Listed[Any]) -> dict[str, Any]:
    """Only strings, numbers, lists and dicts; no secret's value."""
    row: dict[str, Any] = {
        "name": listed.name,
        "aliases": list(listed.aliases),
        "distribution": listed.distribution,
        "version": listed.version,
        "problem": listed.problem or None,
    }
    if listed.provider is not None:
        row |= _record(listed.provider)
    return row


def _record(provider: Provider) -> dict[str, Any]:
    record: dict[str, Any] = {
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
        record["sandbox"] = provider.sandbox is not None
        record["capabilities"] = {
            item.name: sorted(value) if isinstance(value, frozenset) else value
            for item in fields(Capabilities)
            for value in (getattr(provider.capabilities, item.name),)
        }
    return record
