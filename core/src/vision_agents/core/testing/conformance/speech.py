"""An ordinary conversation, and everything that must be true of it."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from math import isfinite
from statistics import median
from typing import TYPE_CHECKING, Any

from vision_agents.core.avatars.provider import Capabilities, ProviderAvatar
from vision_agents.core.testing.conformance.talk import BargeIn, Talk, TalkBase, judge

if TYPE_CHECKING:
    from vision_agents.core.testing.conformance.call import NotedCall, Said

__all__ = ["SpeechChecks"]

LENGTH_S = 0.06
"""By so much a heard utterance may differ from the sent one: codecs trim."""
RATE_S = 0.03
"""By so much what the service counts may differ from what was sent: a resampler's edges."""
GAP_S = 0.06
"""A hole in speech shorter than three packets is hardly heard."""
WIRE_GAP_S = 0.25
"""In real time a busy machine starves stand-in and engine alike; longer than this is no hiccup."""
MARK_S = 0.06
"""How far the told beginning of an utterance may be from its first sound: three packets."""
FIRST_MARKER_S = 0.25
"""Where ``speech_with_markers`` has its first one."""
FIRST_S = 0.3
"""An utterance's first chunk is at the service this long after its first speech could be cut."""
LEAD_S = 0.1
"""Tolerance of the pacing: a service's buffer has that much room."""
OFFSET_MS = 45.0
"""Bound of the lip-sync offset, both ways: viewers begin to notice at about 45 ms of sound ahead
of the picture, and later than that the other way round."""
FROZEN_S = 0.25
"""A picture that stands longer than this looks frozen."""


async def _ordinary(kit: Any, call: NotedCall, barge_ins: list[BargeIn]) -> None:
    """Three utterances: as most voices send, as an odd one does, and a short one right after."""
    del kit, barge_ins
    await call.speak(2.5)
    await asyncio.sleep(0.4)
    await call.speak(2.0, rate_hz=44_100, channels=2, piece_s=0.013)
    await call.speak(1.0, rate_hz=16_000, piece_s=0.02)


class SpeechChecks(TalkBase):
    """What goes to the service, what comes back, and what is told about it."""

    @judge("every utterance is heard whole, and once", _ordinary)
    def test_heard_whole(self, talk: Talk) -> str:
        expected = set[int]().union(*(said.markers for said in talk.call.said))
        missing = expected - talk.call.markers_heard()
        assert not missing, f"{len(missing)} of {len(expected)} sounds in the speech were not heard"
        sent_s = sum(said.seconds for said in talk.call.said)
        heard_s = sum(sound.duration_s for sound in talk.call.loud())
        assert abs(heard_s - sent_s) <= LENGTH_S * len(talk.call.said), (
            f"{sent_s:.2f} s were said and {heard_s:.2f} s heard"
        )
        holes = [length for at, length in talk.call.report().gaps if _inside(talk, at, length)]
        limit_s = GAP_S if self.tier == "pure" else WIRE_GAP_S
        assert max(holes, default=0.0) <= limit_s, f"speech has holes: {_milliseconds(holes)}"
        longest = f", longest hole {max(holes) * 1e3:.0f} ms" if holes else ""
        return f"{heard_s:.2f} s of {sent_s:.2f} s{longest}"

    @judge("the service gets the sound at its own rate and layout", _ordinary, log=True)
    def test_rate(self, talk: Talk) -> str:
        figures = []
        for said in talk.call.said:
            got_s = sum(seen.seconds for seen in talk.arrived(said))
            assert abs(got_s - said.seconds) <= RATE_S, (
                f"of {said.seconds:.2f} s of speech the service counts {got_s:.2f} s at its rate: "
                "is the sound resampled to capabilities.sample_rate_hz and channels?"
            )
            figures.append(got_s - said.seconds)
        return f"within {max(map(abs, figures)) * 1e3:.0f} ms"

    @judge(
        "chunks are no longer than the capabilities say, and the first one comes at once",
        _ordinary,
        log=True,
    )
    def test_chunks(self, talk: Talk) -> str:
        has = _capabilities(talk)
        limit_s = max(has.chunk_s, has.first_chunk_s) + 0.02
        longest = latest = 0.0
        for said in talk.call.said:
            pieces = [seen for seen in talk.arrived(said) if seen.what == "speech"]
            assert pieces, f"nothing of utterance {said.utterance_id} arrived"
            latest = max(latest, pieces[0].at_s - said.sent_at_s)
            longest = max(longest, *(piece.seconds for piece in pieces))
            biggest = max(piece.size_bytes for piece in pieces)
            assert has.max_chunk_bytes is None or biggest <= has.max_chunk_bytes, (
                f"a chunk has {biggest} bytes, max_chunk_bytes is {has.max_chunk_bytes}"
            )
        assert longest <= limit_s, f"a chunk has {longest:.3f} s, chunk_s is {has.chunk_s:g}"
        assert latest <= has.first_chunk_s + FIRST_S, (
            f"the first chunk arrived {latest:.2f} s after its speech was there: the face waits"
        )
        return f"at most {longest * 1e3:.0f} ms, the first after {latest * 1e3:.0f} ms"

    @judge("speech is sent no further ahead than max_lead_s", _ordinary, log=True)
    def test_pacing(self, talk: Talk) -> str:
        has = _capabilities(talk)
        most_s = 0.0
        for said in talk.call.said:
            sent_s = 0.0
            pieces = [seen for seen in talk.arrived(said) if seen.what == "speech"]
            for piece in pieces:
                sent_s += piece.seconds
                most_s = max(most_s, sent_s - (piece.at_s - pieces[0].at_s))
        if has.max_lead_s is not None:
            limit_s = has.max_lead_s + max(has.chunk_s, has.first_chunk_s) + LEAD_S
            assert most_s <= limit_s, (
                f"{most_s:.2f} s of speech were sent ahead, max_lead_s is {has.max_lead_s:g}"
            )
        return f"at most {most_s:.2f} s ahead"

    @judge("each utterance's end is told once, after all of it", _ordinary, log=True)
    def test_end_told_once(self, talk: Talk) -> None:
        for said in talk.call.said:
            kinds = [seen.what for seen in talk.arrived(said)]
            ends = kinds.count("ended")
            assert ends == 1, f"the end of an utterance was told {ends} times to the service"
            assert kinds[-1] == "ended", "speech arrived after the end of its utterance"

    @judge("playback is told as it was: one beginning, one end, the right length", _ordinary)
    def test_playback_truth(self, talk: Talk) -> str:
        late: list[float] = []
        for said in talk.call.said:
            begins, ends = talk.call.started(said), talk.call.finished(said)
            assert (len(begins), len(ends)) == (1, 1), (
                f"utterance {said.utterance_id} began {len(begins)} and ended {len(ends)} times"
            )
            assert not ends[0].interrupted, (
                f"told as interrupted ({ends[0].reason}), and it was not"
            )
            assert abs(ends[0].heard_s - said.seconds) <= LENGTH_S, (
                f"told as heard for {ends[0].heard_s:.2f} s, it was {said.seconds:.2f} s"
            )
            first_s = first_heard_s(talk, said)
            assert isfinite(first_s), f"nothing of utterance {said.utterance_id} was recognised"
            late.append(abs(begins[0].at_s - first_s))
        assert max(late) <= MARK_S, (
            f"the beginning of an utterance was told {max(late) * 1e3:.0f} ms off its first sound"
        )
        return f"within {max(late) * 1e3:.0f} ms"

    @judge("pictures have the right size and rate, in order, and never freeze", _ordinary)
    def test_pictures(self, talk: Talk) -> str:
        pictures = talk.call.notes.pictures
        assert len(pictures) >= 10, f"only {len(pictures)} pictures came"
        sizes = {picture.size for picture in pictures}
        assert len(sizes) == 1, f"the published size changed: {sizes}"
        for before, after in pairwise(pictures):
            assert after.pts_s > before.pts_s, (
                f"the published pts ran backwards: {after.pts_s:.3f} s after {before.pts_s:.3f} s"
            )
        steps = [after.at_s - before.at_s for before, after in pairwise(pictures)]
        assert max(steps) <= FROZEN_S, f"no picture came for {max(steps):.2f} s"
        width, height = pictures[0].size
        return f"{width}x{height} at {1 / median(steps):.1f}"

    @judge("pictures come in the order in which they were drawn", _ordinary, flash=True)
    def test_picture_order(self, talk: Talk) -> str:
        numbers = [p.number for p in talk.call.notes.pictures if p.number is not None]
        assert len(set(numbers)) >= 10, "hardly any picture could be read"
        back = sum(after < before for before, after in pairwise(numbers))
        assert not back, f"{back} of {len(numbers)} pictures were shown after a later one"
        return f"{len(set(numbers))} pictures"

    @judge("lips and voice are together", _ordinary, flash=True)
    def test_sync(self, talk: Talk) -> str:
        report = talk.call.report()
        offsets = sorted(report.all_offsets)
        assert len(offsets) >= 8, f"only {len(offsets)} flashes with their beeps were found"
        middle, worst = report.median_ms, report.p95_ms()
        assert worst <= OFFSET_MS, (
            f"picture and sound are {worst:.0f} ms apart (95th percentile; median {middle:+.0f}, "
            f"positive is picture late); a constant part belongs into capabilities.receive_skew_s"
        )
        return f"median {middle:+.0f} ms, 95th percentile {worst:.0f} ms"


def _capabilities(talk: Talk) -> Capabilities:
    avatar = talk.call.avatar
    return avatar.capabilities if isinstance(avatar, ProviderAvatar) else Capabilities()


def first_heard_s(talk: Talk, said: Said) -> float:
    """When the utterance was first heard, by its first marker; never: infinity."""
    heard = [at_s for at_s, marker in talk.call.report().heard if marker in said.markers]
    return min(heard, default=float("inf")) - FIRST_MARKER_S


def _inside(talk: Talk, at_s: float, length_s: float) -> bool:
    """Whether a silence lies inside an utterance: none begins at its end."""
    begins = (begin.at_s for said in talk.call.said for begin in talk.call.started(said))
    return not any(at_s < begin_s <= at_s + length_s + MARK_S for begin_s in begins)


def _milliseconds(values: list[float]) -> str:
    return ", ".join(f"{value * 1e3:.0f} ms" for value in values)


def unheard(said: Said, heard: set[int]) -> set[int]:
    """The markers of an utterance that were not heard."""
    return set(said.markers - heard)
