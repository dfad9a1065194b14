"""The checks behind ``vision-agents doctor``. Each yields lines; none of them raises."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from vision_agents.core import __version__
from vision_agents.core.conflicts import check_installation
from vision_agents.core.errors import ConfigError, ConflictError, PluginError, VisionAgentsError
from vision_agents.core.plugin.records import AvatarProvider, Check, load_target
from vision_agents.core.plugin.registry import GROUPS, Group, Registry

if TYPE_CHECKING:
    from vision_agents.core.plugin.records import Provider
    from vision_agents.core.plugin.settings import SettingInfo, Settings

REACH_TIMEOUT_S = 5.0
DOCTOR_TIMEOUT_S = 30.0
CLOSE_TIMEOUT_S = 10.0

DEFAULT_PORTS: Final = {"http": 80, "https": 443, "ws": 80, "wss": 443}


async def check_everything(registry: Registry | None = None) -> list[Check]:
    """This installation, and whether each plugin in it can be loaded."""
    registry = registry or Registry()
    checks = _installation()
    for group in GROUPS:
        for row in registry.installed(group):
            what = f"{group.kind} {row.name} ({row.distribution} {row.version})"
            checks.append(Check(what=what, ok=not row.problem, detail=row.problem))
    return checks


async def check_name(
    name: str, *, online: bool = False, registry: Registry | None = None
) -> list[Check]:
    """Everything about the plugins called ``name``: an avatar, an edge and a voice may share it.

    With ``online`` the servers that it needs are reached for, 5 s each; no session is opened.
    """
    registry = registry or Registry()
    checks = _installation()
    unknown: list[Check] = []
    for group in GROUPS:
        try:
            provider = registry.provider(group, name)
        except LookupError as exc:
            unknown.append(Check(what=f"{group.kind} {name}", ok=False, detail=str(exc)))
        except PluginError as exc:
            checks.append(Check(what=f"{group.kind} {name}", ok=False, detail=str(exc)))
        else:
            what = f"{group.kind} {provider.name}: {provider.summary}"
            checks.append(Check(what=what, ok=True, detail=f"contract version {provider.api}"))
            checks += await _provider(registry, group, provider, online=online)
    # Nobody called it that in any group: what the avatars say about it is the best answer.
    return [*checks, unknown[0]] if len(unknown) == 3 else checks


def _installation() -> list[Check]:
    python = ".".join(map(str, sys.version_info[:3]))
    checks = [Check(what=f"vision-agents-core {__version__}, Python {python}", ok=True)]
    try:
        check_installation()
    except ConflictError as exc:
        checks.append(Check(what="no conflicting package", ok=False, detail=str(exc)))
    return checks


async def _provider(
    registry: Registry, group: Group[Any], provider: Provider, *, online: bool
) -> list[Check]:
    checks = _settings(provider)
    try:
        settings = provider.settings.from_env()
    except ConfigError:
        return checks  # already said, setting by setting
    checks.append(await _buildable(registry, group, provider))
    if isinstance(provider, AvatarProvider):
        for service in provider.capabilities.needs_services:
            checks.append(await _service(service, settings, online=online))
        if provider.doctor:
            checks += await _own_doctor(provider.doctor, settings, online=online)
    return checks


def _settings(provider: Provider) -> list[Check]:
    return [_setting(provider, info) for info in provider.settings.describe()]


def _setting(provider: Provider, info: SettingInfo) -> Check:
    text = os.environ.get(info.env, "") if info.env else ""
    what = f"setting {info.name}"
    if text:
        try:
            info.parse(text)
        except ValueError as exc:
            return Check(what=what, ok=False, detail=str(exc))
        return Check(what=what, ok=True, detail="set" if info.secret else repr(text))
    if info.required:
        ways = [f"export {info.env}=..."] if info.env else []
        ways.append(f'{{"name": "{provider.name}", "{info.name}": ...}}')
        return Check(what=what, ok=False, detail="not set", remedy=_with(info.help, ways))
    return Check(what=what, ok=True, detail=f"default {info.default!r}")


def _with(help_text: str, ways: list[str]) -> str:
    return " or ".join(ways) + (f"  ({help_text})" if help_text else "")


async def _buildable(registry: Registry, group: Group[Any], provider: Provider) -> Check:
    """Build it and close it again: shows a missing SDK without opening a session."""
    try:
        built = registry.create(group, provider.name)
        async with asyncio.timeout(CLOSE_TIMEOUT_S):
            await built.close()
    except VisionAgentsError as exc:
        return Check(what="can be built", ok=False, detail=str(exc))
    except Exception as exc:  # a stranger's close(): reported as a failed check
        return Check(what="closes unused", ok=False, detail=f"{type(exc).__name__}: {exc}")
    return Check(what="can be built", ok=True, detail=type(built).__qualname__)


async def _service(service: str, settings: Settings, *, online: bool) -> Check:
    url = str(getattr(settings, service, service))
    parts = urlsplit(url)
    what = f"server {parts.hostname or url}"
    port = parts.port or DEFAULT_PORTS.get(parts.scheme)
    if not parts.hostname or not port:
        return Check(what=what, ok=False, detail=f"{url!r} is no URL")
    if not online:
        return Check(what=what, ok=None, detail="not tried", remedy="add --online to try")
    try:
        async with asyncio.timeout(REACH_TIMEOUT_S):
            _, writer = await asyncio.open_connection(parts.hostname, port)
            writer.close()
    except TimeoutError:
        detail = f"port {port} did not answer within {REACH_TIMEOUT_S:g} s"
        return Check(what=what, ok=False, detail=detail, remedy="is a firewall or proxy between?")
    except OSError as exc:
        remedy = "is the address right, and the network up?"
        return Check(what=what, ok=False, detail=f"port {port}: {exc.strerror}", remedy=remedy)
    return Check(what=what, ok=True, detail=f"port {port} answers")


async def _own_doctor(target: str, settings: Settings, *, online: bool) -> list[Check]:
    try:
        async with asyncio.timeout(DOCTOR_TIMEOUT_S):
            return list(await load_target(target)(settings, online=online))
    except Exception as exc:  # a stranger's code: reported as a failed check
        detail = f"{target} raised {type(exc).__name__}: {exc}"
        return [Check(what="the plugin's own checks", ok=False, detail=detail)]
