"""What a second person in a LiveKit room sees and hears of an agent at the LiveKit edge."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Callable

import av
import numpy as np
import pytest

from plugins.livekit.tests.helpers import joined, performing
from plugins.livekit.tests.listening import Ears, TappedEdge
from vision_agents.core import Agent, User
from vision_agents.core.edge.call import Call
from vision_agents.core.media import PcmData
from vision_agents.core.sync.utterances import UtteranceFinished
from vision_agents.core.testing.figures import Bars, CallFigures, settled_figures
from vision_agents.core.testing.markers import (
    MARKERS_PER_UTTERANCE,
    FlashRenderer,
    MarkerReport,
    speech_with_markers,
)
from vision_agents.core.testing.provider import MemoryAvatar, MemoryService
from vision_agents.core.testing.puppet import Puppet
from vision_agents.plugins.livekit.sandbox import LiveKitServer

pytestmark = [pytest.mark.wire, pytest.mark.livekit]

SIZE = (320, 240)
FPS = 25


class FlashService(MemoryService):
    """A service in memory whose face flashes with the markers."""

    def __init__(self) -> None:
        super().__init__(size=SIZE, fps=FPS)
        self._renderer = FlashRenderer(*SIZE, FPS)

    def draw(self, samples: np.ndarray[tuple[int], np.dtype[np.int16]]) -> av.VideoFrame:
        return self._renderer.frame(samples)


async def speech(duration_s: float, utterance: int) -> AsyncIterator[PcmData]:
    yield speech_with_markers(duration_s, 24_000, utterance=utterance)


@pytest.mark.timeout(200)
async def test_second_person_sees_and_hears_the_avatar_in_step(
    livekit_server: LiveKitServer, room_name: str, record_property: Callable[[str, object], None]
) -> None:
    attempts = itertools.count(1)

    async def measure() -> CallFigures:
        seen = await _second_person(livekit_server, f"{room_name}-{next(attempts)}")
        text = f"{seen} (a second person; offsets relative to a control in the same room)"
        print(text)  # noqa: T201 - figures worth reading in the report
        record_property("figures", text)
        return seen

    bars = Bars()
    assert bars.missed(await settled_figures(measure, bars)) == []


async def _second_person(livekit_server: LiveKitServer, room_name: str) -> CallFigures:
    avatar = MemoryAvatar(FlashService(), fps=FPS)
    finished: list[UtteranceFinished] = []
    avatar.audio_output().playback.subscribe(
        lambda event: finished.append(event) if isinstance(event, UtteranceFinished) else None
    )
    connection = livekit_server.connection
    edge = TappedEdge(
        url=connection.url, api_key=connection.api_key, api_secret=connection.api_secret
    )
    agent = Agent(edge=edge, avatar=avatar, agent_user=User(id="agent"))
    cuts_s: list[float] = []
    async with joined(livekit_server, room_name, "viewer") as viewer:
        ears = Ears(viewer, "agent")
        control = Ears(viewer, "control")
        async with agent.join(Call(id=room_name)):
            await viewer.wait_for_track("agent", "video", timeout_s=10)
            async with joined(livekit_server, room_name, "control") as other:
                puppet = Puppet(FlashRenderer(*SIZE, FPS).frame, rate_hz=24_000, fps=FPS)
                async with performing(other, puppet, size=SIZE):
                    await viewer.wait_for_track("control", "video", timeout_s=10)
                    # The sender's bandwidth estimate thins pictures out in the first seconds.
                    await asyncio.sleep(2)
                    puppet.speak("c", speech_with_markers(3.0, 24_000).samples)
                    puppet.end("c")
                    await agent.play(speech(3.0, 0))
            for utterance in (2, 3, 4):
                cuts_s.append(await _interrupted(agent, utterance))
            await agent.play(speech(2.0, 4))
            await asyncio.sleep(0.5)
        heard, left, reference = ears.report(), edge.tap.left.report(), control.report()
    assert ears.sizes == {SIZE}
    assert [event.interrupted for event in finished] == [False, True, True, True, False]
    seen = _figures(heard, left, reference.median_ms, cuts_s)
    if len(heard.utterances) == 5:
        lengths_s = [end - start for start, end in heard.utterances]
        # What is told of an interrupted utterance is what that person heard of it.
        assert lengths_s[1:4] == pytest.approx([event.heard_s for event in finished[1:4]], abs=0.06)
    return seen


async def _interrupted(agent: Agent, utterance: int) -> float:
    """Interrupt 6 s of speech after two; when that was."""
    playback = agent.avatar.audio_output().playback if agent.avatar else None
    assert playback is not None
    playing = asyncio.create_task(agent.play(speech(6.0, utterance - 1)))
    while playback.heard_s(utterance) < 2.0:
        await asyncio.sleep(0.01)
    at_s = time.monotonic()
    await agent.interrupt()
    await playing
    await asyncio.sleep(0.6)
    return at_s


def _figures(
    heard: MarkerReport, left: MarkerReport, control_ms: float, cuts_s: list[float]
) -> CallFigures:
    spans = heard.utterances
    errors_s = [
        abs(end - start - said_s) for (start, end), said_s in ((spans[0], 3), (spans[-1], 2))
    ]
    # Five utterances, each with its first marker; the whole ones with their last.
    firsts = [number * MARKERS_PER_UTTERANCE for number in range(5)]
    markers = [*firsts, firsts[0] + 5, firsts[4] + 3]
    return CallFigures(
        length_error_ms=max(errors_s) * 1e3 if len(spans) == 5 else np.inf,
        longest_gap_ms=max((gap_s for _, gap_s in heard.gaps), default=0.0) * 1e3,
        markers_missing=tuple(m for m in markers if m not in heard.offsets),
        offset_median_ms=heard.median_ms - control_ms,
        offset_p95_ms=heard.p95_ms(control_ms),
        offset_spread_p95_ms=heard.p95_ms(heard.median_ms),
        sound_after_interrupt_ms=max(
            _old_sound_s(heard, left, span, cut_s)
            for span, cut_s in zip(spans[1:4], cuts_s, strict=False)
        )
        * 1e3,
        markers=len(heard.all_offsets),
    )


def _old_sound_s(
    heard: MarkerReport, left: MarkerReport, span: tuple[float, float], cut_s: float
) -> float:
    """How long old sound left LiveKit's source after the cut, as the second person heard it.

    What the way to their ear takes is known from the markers of the same utterance.
    """
    left_s = {marker: at_s for at_s, marker in left.heard}
    ways_s = [
        at_s - left_s[marker]
        for at_s, marker in heard.heard
        if span[0] <= at_s <= span[1] and marker in left_s
    ]
    return max(0.0, span[1] - float(np.median(ways_s)) - cut_s)
