"""Anam's service, played on this machine: REST, signalling and a real WebRTC peer.

``vision-agents sandbox anam`` runs it; tests use ``SandboxService`` and its ``Faults``.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from vision_agents.core.testing.puppet import flash_draw
from vision_agents.core.testing.service import switched_on
from vision_agents.plugins.anam.sandbox.faults import NAMED_FAULTS, Faults

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence


AVATAR_ID = "071b0286-4cce-4808-bee2-e642f1062de3"
API_KEY = "sandbox-key"

__all__ = ["API_KEY", "AVATAR_ID", "NAMED_FAULTS", "Faults", "sandbox"]


@asynccontextmanager
async def sandbox(*, port: int = 0, faults: Sequence[str] = ()) -> AsyncIterator[Mapping[str, str]]:
    """Run the stand-in; yields the variables that point the plugin at it.

    Raises:
        ValueError: a fault it does not know; names those it has.
    """
    from vision_agents.plugins.anam.sandbox.service import SandboxService

    service = SandboxService(
        flash_draw, api_key=API_KEY, faults=switched_on(Faults(), NAMED_FAULTS, faults)
    )
    await service.start(port=port)
    try:
        yield {
            "ANAM_API_KEY": API_KEY,
            "ANAM_AVATAR_ID": AVATAR_ID,
            "ANAM_API_URL": service.url,
        }
    finally:
        await service.close()
