"""Checks of a LiveAvatar account that cost nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vision_agents.core.errors import ProviderError
from vision_agents.core.plugin.records import Check
from vision_agents.plugins.liveavatar.api import LiveAvatarApi

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vision_agents.plugins.liveavatar.settings import LiveAvatarSettings


async def doctor(settings: LiveAvatarSettings, *, online: bool) -> Sequence[Check]:
    """Ask for the credits left: proves the key, and says whether a session can be paid."""
    if not online:
        return ()
    api = LiveAvatarApi(base_url=settings.base_url, api_key=settings.api_key)
    try:
        left = await api.credits_left()
    except ProviderError as error:
        return (Check(what="account", ok=False, detail=str(error)),)
    finally:
        await api.close()
    ok = left > 0 or settings.is_sandbox
    remedy = "" if ok else "buy credits in the LiveAvatar console, or set is_sandbox=True"
    return (Check(what="credits", ok=ok, detail=f"{left:g} left", remedy=remedy),)
