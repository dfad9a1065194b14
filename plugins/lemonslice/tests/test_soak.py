"""Twenty sessions one after the other leave nothing on either side."""

from __future__ import annotations

import asyncio
import gc
import os

import pytest

from plugins.lemonslice.tests.helpers import serving, settings_for
from vision_agents.core.testing.viewer import MeasuredCall
from vision_agents.plugins.lemonslice import LemonSliceAvatar
from vision_agents.plugins.livekit import rooms
from vision_agents.plugins.livekit.sandbox import LiveKitServer

pytestmark = [pytest.mark.wire, pytest.mark.livekit, pytest.mark.proof, pytest.mark.timeout(400)]

SESSIONS = 20


def held() -> tuple[int, int]:
    """Sockets and threads of this process, native ones too."""
    gc.collect()
    links = []
    for name in os.listdir("/proc/self/fd"):
        try:
            links.append(os.readlink(f"/proc/self/fd/{name}"))
        except OSError:  # the listing's own
            continue
    return sum(link.startswith("socket:") for link in links), len(os.listdir("/proc/self/task"))


async def test_nothing_is_left_after_twenty_sessions(livekit_server: LiveKitServer) -> None:
    connection = livekit_server.connection
    async with serving() as service:

        async def one() -> None:
            avatar = LemonSliceAvatar(**settings_for(service, connection).as_arguments())
            async with MeasuredCall(avatar) as call:
                await call.say(0.4)

        await one()  # makes what the process keeps
        await asyncio.sleep(1)
        before, tasks = held(), len(asyncio.all_tasks())
        for _ in range(SESSIONS):
            await one()
        await asyncio.sleep(1)
        after = held()
        print(f"sockets and threads before {before}, after {after}")  # noqa: T201
        assert not service.alive
        assert all(session.terminated for session in service.sessions.values())
        assert len(asyncio.all_tasks()) <= tasks
    assert after[0] <= before[0]
    # The SDK's pool of threads breathes by a few.
    assert after[1] <= before[1] + 4
    assert not [name for name in await rooms.list_rooms(connection) if "lemonslice" in name]
