"""Two hundred faults at random moments of calls with random latencies."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from vision_agents.core.errors import BusyError
from vision_agents.core.events.avatar import AvatarDegradedEvent, AvatarDisconnectedEvent
from vision_agents.core.testing.faults import Faults, FaultyService

SEEDS = range(20)
FAULTS_PER_CALL = 10


def _break(service: FaultyService, chance: random.Random) -> str:
    """Switch one fault on; its name."""
    faults = service.faults
    name = chance.choice(
        ["drop", "stall", "sound", "comfort", "picture", "send", "cap", "busy", "end", "interrupt"]
    )
    if name == "drop":
        service.drop()
    elif name == "stall":
        faults.stall_sound = faults.stall_picture = True
    elif name == "sound":
        faults.stall_sound = True
    elif name == "comfort":
        faults.stall_sound = faults.comfort_silence = True
    elif name == "picture":
        faults.stall_picture = True
    elif name == "send":
        faults.hang_send = True
    elif name == "cap":
        faults.loud_cap_s = 0.0
    elif name == "busy":
        faults.refusals.extend(BusyError("full", provider="memory") for _ in range(2))
        service.drop()
    elif name == "end":
        faults.lose_end = True
    else:
        faults.stall_sound = faults.hang_interrupt = faults.hang_disconnect = True
    return name


async def _break_now_and_then(service: FaultyService, chance: random.Random) -> list[str]:
    names = []
    for _ in range(FAULTS_PER_CALL):
        await asyncio.sleep(chance.uniform(2.0, 6.0))
        names.append(_break(service, chance))
        await asyncio.sleep(chance.uniform(0.1, 3.0))
        vars(service.faults).update(vars(Faults()))
    return names


@pytest.mark.parametrize("seed", SEEDS)
def test_random_faults_lose_no_word(virtual: Callable[..., Any], call: Any, seed: int) -> None:
    chance = random.Random(seed)
    random.seed(seed)  # the jitter of the back-off

    async def main() -> None:
        now = call()
        now.service.latency_s = chance.uniform(0.1, 1.1)
        now.service.connect_s = chance.uniform(0.1, 3.0)
        async with now:
            tracks = (now.avatar.video_output(), now.avatar.audio_output())
            breaking = asyncio.create_task(_break_now_and_then(now.service, chance))
            while not breaking.done():
                line = now.line(chance.uniform(0.5, 5.0), word=chance.randint(6, 25))
                await now.say(line, speed=chance.uniform(1.1, 8.0))
                if chance.random() < 0.7:
                    await tracks[1].playback.wait_finished(line.utterance_id, 20.0)
                    await asyncio.sleep(chance.uniform(0.0, 1.5))
            await tracks[1].playback.wait_finished(now.lines[-1].utterance_id, 60.0)
            await asyncio.sleep(0.5)
            assert tracks == (now.avatar.video_output(), now.avatar.audio_output())
        for line in now.lines:
            told = now.tally(line)
            assert not told.lost, line.utterance_id
            assert told.repeated_s <= 0.5
            assert told.longest_pause_s <= 0.7
            assert told.waited_s <= 2.5
        finished = Counter(event.utterance_id for event in now.listener.finished)
        assert finished == Counter(line.utterance_id for line in now.lines)
        assert not any(event.interrupted for event in now.listener.finished)
        assert all(event.reason for event in now.seen(AvatarDegradedEvent))
        assert len(now.seen(AvatarDisconnectedEvent)) == len(now.service.sessions)
        assert now.service.alive == 0
        assert now.service.most_alive <= 2

    virtual(main())
