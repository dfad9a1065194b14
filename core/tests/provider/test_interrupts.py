"""Barge-ins: nothing old after the cut, and the next utterance is complete."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Any

import pytest

from vision_agents.core.avatars.provider import Limits
from vision_agents.core.media import PcmData


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


def _told(now: Any) -> int:
    sessions = now.service.sessions
    return sum(what == "interrupt" for session in sessions for _, what, _ in session.calls)


def test_a_service_with_nothing_to_say_is_not_told(virtual: Callable[..., Any], call: Any) -> None:
    async def main() -> None:
        async with call() as now:
            await now.barge_in()
            await now.speak(1.0)
            await asyncio.sleep(0.5)
            await now.barge_in()
            assert _told(now) == 0

    virtual(main())


def test_a_barge_in_before_the_first_sound(virtual: Callable[..., Any], call: Any) -> None:
    async def main() -> None:
        async with call() as now:
            line = now.line(2.0)
            await now.say(line, speed=50.0)
            await now.barge_in()
            after = await now.speak(1.0)
            await asyncio.sleep(0.1)
            assert _told(now) == 1
        assert not set(line.words) & set(now.listener.codes)
        assert not now.tally(after).lost

    virtual(main())


def test_a_barge_in_while_it_starts(virtual: Callable[..., Any], call: Any) -> None:
    async def main() -> None:
        now = call()
        now.service.connect_s = 2.0
        starting = asyncio.create_task(now.__aenter__())
        await asyncio.sleep(0.5)
        line = now.line(1.0)
        await now.say(line, speed=50.0)
        await now.barge_in()
        await starting
        after = await now.speak(1.0)
        await asyncio.sleep(0.1)
        await now.__aexit__()
        assert not set(line.words) & set(now.listener.codes)
        assert not now.tally(after).lost

    virtual(main())


def test_ten_barge_ins_in_five_seconds(virtual: Callable[..., Any], call: Any) -> None:
    async def main() -> None:
        async with call() as now:
            for _ in range(10):
                line = now.line(2.0)
                saying = asyncio.create_task(now.say(line))
                await asyncio.sleep(0.4)
                saying.cancel()
                cut_at_s = await now.barge_in()
                await asyncio.sleep(0.1)
                assert old_after(now, cut_at_s, line) == []
            after = await now.speak(1.0)
            await asyncio.sleep(0.1)
        assert not now.tally(after).lost
        assert now.tally(after).waited_s <= 2.5

    virtual(main())


def test_interrupt_alone_cuts_what_still_arrives_of_the_utterance(
    virtual: Callable[..., Any], call: Any
) -> None:
    """Without a flush of the agent's stream, the rest of the utterance is unwanted too."""

    async def main() -> None:
        async with call() as now:
            line = now.line(3.0)
            saying = asyncio.create_task(now.say(line, speed=1.0))
            await asyncio.sleep(1.5)
            await now.avatar.audio_output().flush()
            cut_at_s = asyncio.get_running_loop().time()
            await now.avatar.interrupt()
            await saying
            after = await now.speak(1.0)
            await asyncio.sleep(0.1)
        assert old_after(now, cut_at_s, line) == []
        assert not now.tally(after).lost

    virtual(main())


def test_sound_that_comes_before_the_cut_is_known_everywhere_is_not_heard(
    virtual: Callable[..., Any], call: Any
) -> None:
    """An agent flushes first and tells the avatar some turns of the loop later."""

    async def main() -> None:
        async with call() as now:
            line = now.line(2.0, pause=0)
            saying = asyncio.create_task(now.say(line))
            await asyncio.sleep(1.2)
            assert set(line.words) & set(now.listener.codes)
            saying.cancel()
            await asyncio.wait({saying})
            await now.speech.flush()
            await now.avatar.audio_output().flush()
            cut_at_s = asyncio.get_running_loop().time()
            session = now.service.current
            session.sound(PcmData(now.service.rate_hz, "s16", session.step().samples))
            await asyncio.sleep(0)
            await now.avatar.interrupt()
            await asyncio.sleep(0.5)
            assert old_after(now, cut_at_s, line) == []
            after = await now.speak(1.0)
            await asyncio.sleep(0.1)
        assert not now.tally(after).lost

    virtual(main())
