"""What ``vision-agents doctor lemonslice`` can say beyond the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aiohttp

from vision_agents.core.errors import AuthError, ProviderError
from vision_agents.core.plugin import Check
from vision_agents.plugins.lemonslice.api import LemonSliceApi

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vision_agents.plugins.lemonslice.settings import LemonSliceSettings

REACH_TIMEOUT_S = 5.0


async def doctor(settings: LemonSliceSettings, *, online: bool) -> Sequence[Check]:
    """Whether the key is taken and the LiveKit server answers; nothing is started or billed."""
    if not online:
        return [Check(what="LemonSlice key", ok=None, detail="not asked; use --online")]
    return [await _key(settings), await _livekit(settings)]


async def _key(settings: LemonSliceSettings) -> Check:
    api = LemonSliceApi(settings)
    try:
        await api.check_key()
    except AuthError as error:
        return Check(
            what="LemonSlice key", ok=False, detail=str(error), remedy="set LEMONSLICE_API_KEY"
        )
    except ProviderError as error:
        return Check(what="LemonSlice key", ok=False, detail=str(error))
    finally:
        await api.close()
    return Check(what="LemonSlice key", ok=True)


async def _livekit(settings: LemonSliceSettings) -> Check:
    url = settings.connection().http_url
    try:
        async with (
            aiohttp.ClientSession() as http,
            http.get(url, timeout=aiohttp.ClientTimeout(total=REACH_TIMEOUT_S)) as reply,
        ):
            return Check(what=f"LiveKit server at {url}", ok=reply.status < 500)
    except (aiohttp.ClientError, TimeoutError) as error:
        return Check(
            what=f"LiveKit server at {url}",
            ok=False,
            detail=str(error) or "no answer",
            remedy="check LIVEKIT_URL; locally: livekit-server --dev",
        )
