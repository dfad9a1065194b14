"""LiveAvatar's service, played on this machine: REST, WebSocket and an avatar in a real room.

``vision-agents sandbox liveavatar`` runs it; tests use ``SandboxService`` and its ``Faults``.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from vision_agents.core.testing.puppet import flash_draw
from vision_agents.core.testing.service import switched_on
from vision_agents.plugins.liveavatar.sandbox.faults import NAMED_FAULTS, Faults

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence


AVATAR_ID = "dd73ea75-1218-4ef3-92ce-606d5f7fbc0a"
API_KEY = "sandbox-key"

__all__ = ["API_KEY", "AVATAR_ID", "NAMED_FAULTS", "Faults", "sandbox"]


@asynccontextmanager
async def sandbox(*, port: int = 0, faults: Sequence[str] = ()) -> AsyncIterator[Mapping[str, str]]:
    """Run the stand-in and a LiveKit server; yields the variables that point the plugin at it.

    Raises:
        ValueError: a fault it does not know; names those it has.
        FileNotFoundError: no LiveKit server is installed; says how to get one.
    """
    from vision_agents.plugins.liveavatar.sandbox.service import SandboxService
    from vision_agents.plugins.liveavatar.sandbox.stage import livekit_stages
    from vision_agents.plugins.livekit.sandbox.server import LiveKitServer

    chosen = switched_on(Faults(), NAMED_FAULTS, faults)

    with LiveKitServer() as server:
        stages = livekit_stages(server.connection, flash_draw)
        service = SandboxService(
            stages, api_key=API_KEY, avatar_ids=frozenset({AVATAR_ID}), faults=chosen
        )
        await service.start(port=port)
        try:
            yield {
                "LIVEAVATAR_API_KEY": API_KEY,
                "LIVEAVATAR_AVATAR_ID": AVATAR_ID,
                "LIVEAVATAR_BASE_URL": service.url,
            }
        finally:
            await service.close()
