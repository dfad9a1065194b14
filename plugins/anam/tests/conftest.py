from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest
import pytest_asyncio

from vision_agents.plugins.anam.sandbox import API_KEY, AVATAR_ID
from vision_agents.plugins.anam.sandbox.service import SandboxService
from vision_agents.plugins.anam.settings import AnamSettings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vision_agents.plugins.anam.sandbox.session import Draw


def plain_draw(width: int, height: int, fps: int) -> Draw:
    """Dark while silent, white while loud: enough where no lip-sync is measured."""
    del fps
    pictures = [
        av.VideoFrame.from_ndarray(np.full((height * 3 // 2, width), luma, np.uint8), "yuv420p")
        for luma in (60, 235)
    ]

    def draw(samples: NDArray[np.int16]) -> av.VideoFrame:
        return pictures[int(np.abs(samples).max(initial=0) > 2000)]

    return draw


@pytest_asyncio.fixture
async def service() -> AsyncIterator[SandboxService]:
    async with SandboxService(plain_draw, api_key=API_KEY) as service:
        yield service


@pytest.fixture
def settings(service: SandboxService) -> Callable[..., AnamSettings]:
    def make(**values: Any) -> AnamSettings:
        base: dict[str, Any] = {
            "avatar_id": AVATAR_ID,
            "api_key": API_KEY,
            "base_url": service.url,
        }
        return AnamSettings(**(base | values))

    return make
