"""The way of a session's media: what is judged at the reception, and what leaves at the outlet."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import av
import numpy as np
import pytest

from vision_agents.core.avatars.provider import Capabilities, Cleared, Finished, Limits
from vision_agents.core.avatars.provider.director import Director
from vision_agents.core.avatars.provider.mouth import Mouth
from vision_agents.core.avatars.provider.orders import Send
from vision_agents.core.avatars.provider.outlet import Outlet
from vision_agents.core.avatars.provider.reception import Reception
from vision_agents.core.avatars.provider.script import Script
from vision_agents.core.avatars.synchronizer import AVSynchronizer
from vision_agents.core.media.audio_stream import AudioOutputChunk, AudioOutputStream
from vision_agents.core.media.pcm import PcmData
from vision_agents.core.sync.utterances import UtteranceFinished

Virtual = Callable[..., Any]
UTTERANCE = 7


def _sound(seconds: float = 0.1) -> PcmData:
    return PcmData(24_000, "s16", np.full(round(seconds * 24_000), 3_000, np.int16))


def _picture() -> av.VideoFrame:
    return av.VideoFrame(64, 48, "yuv420p")


class Place:
    """An utterance of a second, the parts that lead to its listener, and a session's reception."""

    def __init__(self) -> None:
        self.script = Script()
        self.director = Director(self.script)
        self.speech = AudioOutputStream()
        self.engine = AVSynchronizer(64, 48, 25)
        self.outlet = Outlet("acme", director=self.director, speech=self.speech, engine=self.engine)
        self.opened = 0
        self.reception = Reception(self.director, self.outlet, on_open=self._on_open)
        self.mouth = Mouth(
            self.script, Capabilities(), Limits(), latency_s=None, now_s=time.monotonic()
        )
        self.script.add(_sound(1.0), utterance_id=UTTERANCE, now_s=time.monotonic())
        self.script.complete(utterance_id=UTTERANCE)

    def _on_open(self) -> None:
        self.opened += 1

    @property
    def out_s(self) -> float:
        """Seconds of sound that wait for the listener."""
        return self.engine.audio_output.buffered

    def take_floor(self) -> None:
        self.reception.mouth = self.mouth
        self.director.ready(self.mouth)
        self.director.plan(time.monotonic())
        assert self.director.playing is self.mouth

    def send(self) -> int:
        """Give the session its first chunk; its number for the utterance."""
        order = self.mouth.order(time.monotonic(), may_feed=True)
        assert isinstance(order, Send)
        self.mouth.done()
        return order.utterance


def test_before_a_session_is_open_its_first_picture_is_taken_alone(virtual: Virtual) -> None:
    async def main() -> None:
        place = Place()
        first = _picture()
        asyncio.get_running_loop().call_later(1.0, place.reception.picture, first)
        await place.reception.pictured.wait()
        place.reception.picture(_picture())
        place.reception.sound(_sound())
        assert place.reception.first_picture is first
        assert place.out_s == 0.0

    virtual(main())


def test_sound_is_heard_from_who_has_the_floor(virtual: Virtual) -> None:
    async def main() -> None:
        place = Place()
        place.reception.mouth = place.mouth
        place.reception.sound(_sound())
        assert place.out_s == 0.0
        place.take_floor()
        place.send()
        place.reception.sound(_sound())
        assert place.out_s == pytest.approx(0.1)

    virtual(main())


def test_what_comes_before_its_turn_is_heard_when_it_has_the_floor(virtual: Virtual) -> None:
    async def main() -> None:
        place = Place()
        place.reception.mouth = place.director.feeding = place.mouth
        place.send()
        place.reception.sound(_sound(0.1))
        place.reception.drop_held()
        place.reception.sound(_sound(0.2))
        assert place.out_s == 0.0
        place.reception.release()
        assert place.out_s == pytest.approx(0.2)

    virtual(main())


def test_a_service_that_says_cleared_can_be_told_more(virtual: Virtual) -> None:
    async def main() -> None:
        place = Place()
        place.take_floor()
        number = place.send()
        place.mouth.cut(now_s=time.monotonic())
        place.reception.sound(_sound())
        assert (place.out_s, place.opened) == (0.0, 0)
        place.reception.report(Cleared(number))
        assert place.opened == 1
        place.reception.sound(_sound())
        assert place.out_s == pytest.approx(0.1)

    virtual(main())


def test_reports_carry_the_numbers_of_the_agent(virtual: Virtual) -> None:
    async def main() -> None:
        place = Place()
        playback = place.engine.audio_output.playback
        playback.follow(place.speech, tagged=True)
        place.speech.send_nowait(AudioOutputChunk(_sound(), True, UTTERANCE))
        seen: list[object] = []
        playback.subscribe(seen.append)
        place.take_floor()
        number = place.send()
        place.reception.report(Finished(number + 1, interrupted=True))
        assert not seen
        place.reception.report(Finished(number, interrupted=True))
        (finished,) = seen
        assert isinstance(finished, UtteranceFinished)
        assert finished.utterance_id == UTTERANCE

    virtual(main())


def test_nothing_leaves_while_a_flush_waits_in_the_agents_stream(virtual: Virtual) -> None:
    async def main() -> None:
        place = Place()
        await place.speech.flush()
        place.outlet.play_sound(_sound(), 0.1)
        assert place.out_s == 0.0
        place.speech.get_nowait()
        place.outlet.play_sound(_sound(), 0.1)
        assert place.out_s == pytest.approx(0.1)

    virtual(main())


def test_sound_that_nobody_takes_is_dropped_with_one_warning(
    virtual: Virtual, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        place = Place()
        for index in range(1_000):
            place.outlet.play_sound(_sound(1.0), float(index))
        assert 0.0 < place.out_s < 900.0
        place.engine.close()
        place.outlet.play_sound(_sound(), 1_000.0)

    virtual(main())
    assert [record.getMessage() for record in caplog.records] == [
        "acme: sound is dropped: nobody takes it"
    ]
