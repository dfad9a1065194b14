"""Interruptions: the local cut, the provider told, and the next words whole."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from vision_agents.core.testing.conformance.call import NotedCall
from vision_agents.core.testing.conformance.check import check
from vision_agents.core.testing.conformance.company import CompanyBase
from vision_agents.core.testing.conformance.speech import LENGTH_S, MARK_S, first_heard_s, unheard
from vision_agents.core.testing.conformance.talk import BargeIn, Talk, TalkBase, barge_in, judge

if TYPE_CHECKING:
    from vision_agents.core.testing.conformance.bench import Bench

__all__ = ["BargeInChecks"]

PACKET_S = 0.02
CUT_S = 0.02
"""After the cut at most the packet under way is heard."""
TOLD_S = 0.25
"""A service that is told later than this goes on speaking, and bills it."""
RETURN_S = 2.0
"""``interrupt()`` returns within this: the agent gives it no longer."""


async def _interrupted(kit: Any, call: NotedCall, barge_ins: list[BargeIn]) -> None:
    """A long utterance cut after a second, and a short one spoken at once."""
    del kit
    said = await call.send(6.0)
    await call.heard(said, 1.2)
    await barge_in(call, said, barge_ins)
    await call.speak(1.5)


class BargeInChecks(CompanyBase, TalkBase):
    """The order of a barge-in, and what may not follow it."""

    @judge("after a barge-in nothing old is heard", _interrupted)
    def test_cut(self, talk: Talk) -> str:
        cut = talk.barge_ins[0]
        # By what is heard, not by what is told: old speech may be told as the new utterance's.
        until_s = first_heard_s(talk, talk.call.said[1]) - MARK_S
        late = [
            sound.at_s - cut.cut_at_s
            for sound in talk.call.loud(since_s=cut.cut_at_s + CUT_S)
            if sound.at_s < until_s
        ]
        assert not late, f"old speech was heard up to {max(late) * 1e3:.0f} ms after the cut"
        after = [s.at_s + s.duration_s for s in talk.call.loud() if s.at_s <= cut.cut_at_s]
        return f"{max(0.0, max(after, default=0.0) - cut.at_s) * 1e3:.0f} ms"

    @judge("the service is told at once to stop", _interrupted, log=True)
    def test_service_told(self, talk: Talk) -> str:
        assert talk.bench.log is not None
        cut = talk.barge_ins[0]
        told = talk.bench.log.all("interrupted", since_s=cut.at_s)
        assert told, "the service was never told of the interrupt"
        late_s = told[0].at_s - cut.cut_at_s
        assert late_s <= TOLD_S, f"the service was told {late_s * 1e3:.0f} ms after the cut"
        assert cut.told_by_s - cut.cut_at_s <= RETURN_S, (
            f"interrupt() took {cut.told_by_s - cut.cut_at_s:.1f} s"
        )
        return f"{late_s * 1e3:.0f} ms"

    @judge("what was heard of an interrupted utterance is told once, and right", _interrupted)
    def test_interrupted_truth(self, talk: Talk) -> str:
        cut = talk.barge_ins[0]
        ends = talk.call.finished(cut.said)
        assert len(ends) == 1, f"the interrupted utterance ended {len(ends)} times"
        assert ends[0].interrupted, "the interrupted utterance was told as heard to its end"
        begin = talk.call.started(cut.said)[0]
        heard = [s for s in talk.call.loud(since_s=begin.at_s - PACKET_S) if s.at_s <= cut.cut_at_s]
        heard_s = sum(sound.duration_s for sound in heard)
        assert abs(ends[0].heard_s - heard_s) <= LENGTH_S + PACKET_S, (
            f"told as heard for {ends[0].heard_s:.2f} s, and it was {heard_s:.2f} s"
        )
        return f"{ends[0].heard_s:.2f} s of {cut.said.seconds:g} s"

    @judge("what is said after a barge-in is heard whole, and alone", _interrupted)
    def test_next_is_whole(self, talk: Talk) -> None:
        old, new = talk.call.said
        heard = talk.call.report().heard
        missing = unheard(new, {marker for _, marker in heard})
        assert not missing, "of the utterance after the barge-in words are missing"
        cut_s = talk.barge_ins[0].cut_at_s + CUT_S
        again = [marker for at_s, marker in heard if marker in old.markers and at_s > cut_s]
        assert not again, "old words were heard after the barge-in"
        (end,) = talk.call.finished(new)
        assert not end.interrupted

    @judge("the event loop is never blocked", _interrupted)
    def test_never_blocks(self, talk: Talk) -> str:
        blocked = talk.blocked
        if blocked.lines:  # once may be an import on first use, or a busy machine
            first, second = self.held_twice("interrupted", _interrupted)
            blocked = first.blocked.again(second.blocked)
        assert not blocked.lines, f"the event loop was blocked {blocked}"
        return "start, speech, barge-in, close"

    @check(
        "interrupts when idle, before the first sound, after the end, and ten in five seconds",
        company=True,
        long=True,
    )
    async def test_odd_interrupts(self, bench: Bench) -> str:
        async with NotedCall(self.make(bench), bench) as call:
            barge_ins: list[BargeIn] = []
            await asyncio.sleep(0.3)
            await call.interrupt()  # idle
            early = await call.send(1.0)
            await barge_in(call, early, barge_ins)  # before its first sound
            await call.speak(0.6)
            await call.interrupt()  # after its end
            for _ in range(10):
                said = await call.send(1.0)
                await asyncio.sleep(0.3)
                await barge_in(call, said, barge_ins)
                await asyncio.sleep(0.2)
            last = await call.speak(1.5)
            await asyncio.sleep(0.3)
            missing = unheard(last, call.markers_heard())
            assert not missing, "after many interrupts words of the next utterance are missing"
            for said in call.said:
                ends = call.finished(said)
                assert len(ends) == 1, f"utterance {said.utterance_id} ended {len(ends)} times"
        return f"{len(barge_ins) + 2} interrupts"
