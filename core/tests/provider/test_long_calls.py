"""Long calls on short sessions: renewals are not heard, and every session is ended."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from vision_agents.core.avatars.provider import Limits
from vision_agents.core.events.avatar import (
    AvatarDisconnectedEvent,
    AvatarReconnectingEvent,
    AvatarRenewedEvent,
)


async def _drop_every(service: Any, period_s: float) -> None:
    while True:
        await asyncio.sleep(period_s)
        service.drop()


async def _hold(now: Any, seconds: float, chance: random.Random, drop_every_s: float) -> None:
    """Talk for ``seconds``, with utterances of 1 to 8 s."""
    dropping = asyncio.create_task(_drop_every(now.service, drop_every_s))
    loop = asyncio.get_running_loop()
    ends_at_s = loop.time() + seconds
    while loop.time() < ends_at_s:
        await now.speak(chance.uniform(1.0, 8.0), word=chance.randint(6, 25))
        await asyncio.sleep(chance.uniform(0.05, 1.0))
    dropping.cancel()
    await asyncio.wait({dropping})


def _check(now: Any) -> None:
    for line in now.lines:
        told = now.tally(line)
        assert not told.lost
        assert told.longest_pause_s <= 0.5
        assert told.waited_s <= 2.5
    finished = Counter(event.utterance_id for event in now.listener.finished)
    assert finished == Counter(line.utterance_id for line in now.lines)
    assert now.service.most_alive <= 2
    assert now.service.alive == 0
    assert all(session.ended_by is not None for session in now.service.sessions)
    assert len(now.seen(AvatarDisconnectedEvent)) == len(now.service.sessions)


def _long_call(call: Any, seconds: float, *, seed: int) -> Any:
    async def main() -> Any:
        chance = random.Random(seed)
        random.seed(seed)
        now = call()
        now.service.limits = Limits(max_session_s=120.0)
        now.service.faults.silent_cap_s = 120.0
        now.service.latency_s, now.service.connect_s = 0.6, 1.5
        async with now:
            await _hold(now, seconds, chance, drop_every_s=50.0 if seed else 1e9)
        _check(now)
        return now

    return main()


def test_a_call_longer_than_the_cap_is_renewed_unheard(
    virtual: Callable[..., Any], call: Any
) -> None:
    now = virtual(_long_call(call, 250.0, seed=0))
    assert len(now.seen(AvatarRenewedEvent)) == 2
    assert not now.seen(AvatarReconnectingEvent)


@pytest.mark.proof
@pytest.mark.timeout(600)
def test_half_an_hour_with_a_cap_and_drops(virtual: Callable[..., Any], call: Any) -> None:
    """Two minutes of cap, a drop every 50 s."""
    now = virtual(_long_call(call, 1800.0, seed=1))
    assert len(now.seen(AvatarReconnectingEvent)) >= 30


def test_a_monologue_longer_than_the_cap_is_renewed_at_a_pause(
    virtual: Callable[..., Any], call: Any
) -> None:
    async def main() -> None:
        now = call()
        now.service.limits = Limits(max_session_s=20.0)
        now.service.faults.silent_cap_s = 20.0
        async with now:
            await now.speak(50.0)
            await asyncio.sleep(0.1)
        _check(now)
        assert len(now.seen(AvatarRenewedEvent)) >= 2

    virtual(main())


def test_sessions_that_open_slowly_are_renewed_before_a_short_cap(
    virtual: Callable[..., Any], call: Any
) -> None:
    """A quarter of the cap is less than a session takes to open."""

    async def main() -> None:
        now = call()
        now.service.limits = Limits(max_session_s=10.0)
        now.service.faults.silent_cap_s = 10.0
        now.service.latency_s, now.service.connect_s = 0.7, 2.8
        async with now:
            for _ in range(15):
                await now.speak(2.0)
                await asyncio.sleep(0.4)
        _check(now)
        assert len(now.seen(AvatarRenewedEvent)) >= 4
        assert not now.seen(AvatarReconnectingEvent)

    virtual(main())


def test_one_session_per_account_breaks_before_it_makes(
    virtual: Callable[..., Any], call: Any
) -> None:
    from vision_agents.core.plugin.records import Capabilities
    from vision_agents.core.testing.faults import FaultyService
    from vision_agents.core.testing.provider import MemoryAvatar

    class Single(MemoryAvatar):
        capabilities = Capabilities(concurrency=1)

    async def main() -> None:
        service = FaultyService(max_sessions=1, limits=Limits(max_session_s=20.0))
        now = call(Single(service))
        now.service = service
        async with now:
            for _ in range(12):
                await now.speak(3.0)
                await asyncio.sleep(0.5)
        assert len(service.sessions) >= 2
        assert service.most_alive == 1
        for line in now.lines:
            assert not now.tally(line).lost

    virtual(main())
