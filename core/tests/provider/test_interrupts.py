"""Barge-ins: nothing old after the cut, and the next utterance is complete."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Any

import pytest

from vision_agents.core.avatars.provider import Limits


def old_after(now: Any, cut_at_s: float, line: Any) -> list[float]:
    """When windows of ``line`` were pulled later than one packet after the cut."""
    words = set(line.words)
    late = [w.at_s for w in now.listener.heard if w.code in words and w.at_s > cut_at_s + 0.0201]
    return [at_s - cut_at_s for at_s in late]


@pytest.mark.parametrize("seed", range(20))
def test_random_interrupts(virtual: Callable[..., Any], call: Any, seed: int) -> None:
    """Ten a call, also while a session is renewed or replaced, with up to 0.9 s of late media."""
    chance = random.Random(seed)
    random.seed(seed)

    async def main() -> None:
        now = call()
        service = now.service
        service.latency_s = chance.uniform(0.1, 1.1)
        service.connect_s = chance.uniform(0.1, 1.5)
        service.reports = chance.random() < 0.5
        service.limits = Limits(max_session_s=chance.uniform(6.0, 15.0))
        async with now:
            for _ in range(10):
                service.faults.late_s = chance.uniform(0.0, 0.9)
                cut_line = now.line(chance.uniform(0.5, 4.0), word=chance.randint(6, 25))
                saying = asyncio.create_task(now.say(cut_line, speed=chance.uniform(1.1, 8.0)))
                await asyncio.sleep(chance.uniform(0.0, 5.0))
                if chance.random() < 0.2:
                    service.drop()
                    await asyncio.sleep(chance.uniform(0.0, 0.3))
                saying.cancel()
                await asyncio.wait({saying})
                cut_at_s = await now.barge_in()
                await asyncio.sleep(chance.uniform(0.0, 0.5))
                line = await now.speak(chance.uniform(0.5, 3.0))
                await asyncio.sleep(0.04)  # its last packet is on its way to the listener
                assert old_after(now, cut_at_s, cut_line) == []
                told = now.tally(line)
                assert not told.lost
                assert told.repeated_s <= 0.5
                assert told.waited_s <= 2.5
        assert service.most_alive <= 2
        assert service.alive == 0

    virtual(main())
