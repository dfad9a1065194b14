"""LemonSlice's service, played on this machine: REST, and an avatar in a real LiveKit room.

``vision-agents sandbox lemonslice`` runs it; tests use ``SandboxService`` and its ``Faults``.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from vision_agents.core.plugin import Registry
from vision_agents.plugins.lemonslice.sandbox.faults import Faults, named

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from vision_agents.plugins.lemonslice.sandbox.session import Draw

AGENT_ID = "sandbox-agent"
API_KEY = "sandbox-key"
FACE_VARIABLE = "LEMONSLICE_SANDBOX_FACE"

__all__ = ["Faults", "flashes", "sandbox"]


@asynccontextmanager
async def sandbox(
    *, port: int = 0, faults: Sequence[str] = (), face: str | None = None
) -> AsyncIterator[Mapping[str, str]]:
    """Run the stand-in and a LiveKit server; yields the variables that point the plugin at them.

    ``face`` names an installed avatar, such as ``"local"``, that lends its face; by default
    ``LEMONSLICE_SANDBOX_FACE`` says it, and without that the picture flashes with markers.

    Raises:
        PluginError: no package has that face; says what to install.
        ValueError: a fault it does not know; names those it has.
        FileNotFoundError: no LiveKit server is installed; says how to get one.
    """
    from vision_agents.plugins.lemonslice.sandbox.service import SandboxService
    from vision_agents.plugins.livekit.sandbox import LiveKitServer

    chosen = named(tuple(faults))
    face = face or os.environ.get(FACE_VARIABLE) or None
    if face is not None:
        Registry().avatar(face)  # raises now, not in the first session
    server = LiveKitServer()
    try:
        await asyncio.to_thread(server.start)
        service = SandboxService(flashes, api_key=API_KEY, faults=chosen, face=face)
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
