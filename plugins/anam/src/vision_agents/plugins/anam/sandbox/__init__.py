"""Anam's service, played on this machine: REST, signalling and a real WebRTC peer.

``vision-agents sandbox anam`` runs it; tests use ``SandboxService`` and its ``Faults``.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from vision_agents.plugins.anam.sandbox.faults import NAMED_FAULTS, Faults

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from vision_agents.plugins.anam.sandbox.session import Draw

AVATAR_ID = "071b0286-4cce-4808-bee2-e642f1062de3"
API_KEY = "sandbox-key"

__all__ = ["API_KEY", "AVATAR_ID", "NAMED_FAULTS", "Faults", "flash_draw", "sandbox"]


@asynccontextmanager
async def sandbox(*, port: int = 0, faults: Sequence[str] = ()) -> AsyncIterator[Mapping[str, str]]:
    """Run the stand-in; yields the variables that point the plugin at it.

    Raises:
        ValueError: a fault it does not know; names those it has.
    """
    from vision_agents.plugins.anam.sandbox.service import SandboxService

    service = SandboxService(flash_draw, api_key=API_KEY, faults=named_faults(faults))
    await service.start(port=port)
    try:
        yield {
            "ANAM_API_KEY": API_KEY,
            "ANAM_AVATAR_ID": AVATAR_ID,
            "ANAM_API_URL": service.url,
        }
    finally:
        await service.close()


def flash_draw(width: int, height: int, fps: int) -> Draw:
    """Pictures from which lip-sync can be read."""
    from vision_agents.core.testing.markers import FlashRenderer

    return FlashRenderer(width, height, fps).frame


def named_faults(names: Sequence[str]) -> Faults:
    """The faults with these names, all switched on.

    Raises:
        ValueError: a name that is none of ``NAMED_FAULTS``.
    """
    faults = Faults()
    for name in names:
        if name not in NAMED_FAULTS:
            raise ValueError(f"no fault named {name!r}; there are: {', '.join(NAMED_FAULTS)}")
        faults = replace(faults, **NAMED_FAULTS[name])
    return faults
