"""Checks of an Anam account that cost nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aiohttp

from vision_agents.core.plugin.records import Check

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vision_agents.plugins.anam.settings import AnamSettings


async def doctor(settings: AnamSettings, *, online: bool) -> Sequence[Check]:
    """Ask how many sessions are free: proves the key, and that a call could start now."""
    if not online:
        return ()
    url = f"{settings.base_url.rstrip('/')}/v1/sessions/concurrency"
    headers = {"Authorization": f"Bearer {settings.api_key}"}
    timeout = aiohttp.ClientTimeout(total=10.0)
    try:
        async with (
            aiohttp.ClientSession(headers=headers, timeout=timeout) as http,
            http.get(url) as reply,
        ):
            if reply.status in (401, 403):
                detail = f"the service refuses the key (HTTP {reply.status})"
                return (Check(what="account", ok=False, detail=detail, remedy="set ANAM_API_KEY"),)
            told = await reply.json(content_type=None) if reply.ok else {}
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        detail = f"no answer ({type(error).__name__})"
        return (Check(what="account", ok=False, detail=detail, remedy="check ANAM_API_URL"),)
    free = told.get("canStartSession") if isinstance(told, dict) else None
    if not isinstance(free, bool):
        return (Check(what="account", ok=None, detail=f"HTTP {reply.status}, no verdict"),)
    detail = f"{told.get('active')} of {told.get('limit')} sessions in use"
    remedy = "" if free else "end a session, or wait"
    return (Check(what="sessions", ok=free, detail=detail, remedy=remedy),)
