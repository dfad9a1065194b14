"""LemonSlice's service, played on this machine: REST, and an avatar in a real LiveKit room.

``vision-agents sandbox lemonslice`` runs it; tests use ``SandboxService`` and its ``Faults``.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from vision_agents.plugins.lemonslice.sandbox.faults import Faults, named

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from vision_agents.plugins.lemonslice.sandbox.session import Draw

AGENT_ID = "sandbox-agent"
API_KEY = "sandbox-key"

__all__ = ["Faults", "flashes", "sandbox"]


@asynccontextmanager
async def sandbox(*, port: int = 0, faults: Sequence[str] = ()) -> AsyncIterator[Mapping[str, str]]:
    """Run the stand-in and a LiveKit server; yields the variables that point the plugin at them.

    Raises:
        ValueError: a fault it does not know; names those it has.
        FileNotFoundError: no LiveKit server is installed; says how to get one.
    """
    from vision_agents.plugins.lemonslice.sandbox.service import SandboxService
    from vision_agents.plugins.livekit.sandbox import LiveKitServer

    chosen = named(tuple(faults))
    server = LiveKitServer()
    try:
        await asyncio.to_thread(server.start)
        service = SandboxService(flashes, api_key=API_KEY, faults=chosen)
        await service.start(port)
        try:
            yield {
                "LEMONSLICE_API_KEY": API_KEY,
                "LEMONSLICE_AGENT_ID": AGENT_ID,
                "LEMONSLICE_API_URL": service.url,
                "LIVEKIT_URL": server.connection.url,
                "LIVEKIT_API_KEY": server.connection.api_key,
                "LIVEKIT_API_SECRET": server.connection.api_secret,
            }
        finally:
            await service.close()
    finally:
        await asyncio.to_thread(server.close)


def flashes(width: int, height: int, fps: int) -> Draw:
    """Pictures that flash with the markers in the sound, for measuring lip-sync."""
    from vision_agents.core.testing.markers import FlashRenderer

    return FlashRenderer(width, height, fps).frame
