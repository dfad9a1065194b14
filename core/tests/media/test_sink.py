"""The queue of an edge that pushes: what it holds was not heard, and a flush empties it."""

from __future__ import annotations

import asyncio
import time

import numpy as np
import pytest
from numpy.typing import NDArray

from vision_agents.core.avatars import AVSynchronizer
from vision_agents.core.media import PcmData
from vision_agents.core.media.audio_stream import AudioOutputChunk, AudioOutputStream
from vision_agents.core.sync.utterances import (
    PlaybackEvent,
    UtteranceFinished,
    UtteranceStarted,
)
from vision_agents.core.testing.clock import virtual_time
from vision_agents.core.testing.markers import speech_with_markers

RATE_HZ = 24_000
PACKET = RATE_HZ // 50


class Queue:
    """Holds ``depth_s``."""

    def __init__(self, depth_s: float) -> None:
        self.depth_s = depth_s

    def queued_s(self) -> float:
        return self.depth_s

    def clear(self) -> None:
        self.depth_s = 0.0


async def test_what_the_sink_threw_away_was_not_heard() -> None:
    stream = AudioOutputStream()
    sink = Queue(0.06)
    stream.attach_sink(sink)
    events: list[PlaybackEvent] = []
    stream.playback.subscribe(events.append)
    speech: PcmData = speech_with_markers(2.0, RATE_HZ)
    await stream.send(AudioOutputChunk(speech, utterance_id=1))
    for step in range(50):
        stream.pull(PACKET, RATE_HZ, 100.0 + step * 0.02)
    await stream.flush()
    assert sink.depth_s == 0.0
    (finished,) = [event for event in events if isinstance(event, UtteranceFinished)]
    assert finished.interrupted
    assert finished.heard_s == pytest.approx(1.0 - 0.06, abs=0.001)


class Device(Queue):
    """A queue that plays in real time, filled up to ``LEAD_S`` by whoever pulls."""

    LEAD_S = 0.06

    def __init__(self) -> None:
        super().__init__(0.0)
        self._at_s = time.monotonic()
        self.played: list[NDArray[np.int16]] = []

    def queued_s(self) -> float:
        now_s = time.monotonic()
        self.depth_s = max(0.0, self.depth_s - (now_s - self._at_s))
        self._at_s = now_s
        return self.depth_s

    async def play(self, stream: AudioOutputStream, seconds: float) -> float | None:
        """Pull as it drains; when the first loud sample that was pulled is really heard."""
        loud_s = None
        until_s = time.monotonic() + seconds
        while time.monotonic() < until_s:
            while self.queued_s() < self.LEAD_S:
                heard_s = time.monotonic() + self.queued_s()
                pcm = stream.pull(PACKET, RATE_HZ, time.monotonic())
                self.depth_s += 0.02
                self.played.append(pcm.samples)
                if loud_s is None and pcm.samples.any():
                    loud_s = heard_s + int(pcm.samples.nonzero()[0][0]) / RATE_HZ
            await asyncio.sleep(0.01)
        return loud_s


def test_sound_after_a_flush_is_heard_when_the_emptied_sink_plays_it() -> None:
    async def call() -> None:
        sync = AVSynchronizer(64, 48, 25)
        device = Device()
        sync.audio_output.attach_sink(device)
        sync.audio_output.playback.follow(sync.audio_output)
        started: list[float] = []
        sync.audio_output.playback.subscribe(
            lambda event: (
                started.append(event.at_s) if isinstance(event, UtteranceStarted) else None
            )
        )
        await device.play(sync.audio_output, 0.5)
        for utterance in (1, 2, 3):
            speech = speech_with_markers(3.0, RATE_HZ)
            await sync.audio_output.send(AudioOutputChunk(speech, utterance_id=utterance))
            heard_s = await device.play(sync.audio_output, 1.0)
            assert heard_s is not None
            assert started[-1] == pytest.approx(heard_s, abs=0.021)
            await sync.flush()
        assert len(started) == 3
        sync.close()

    with virtual_time() as factory, asyncio.Runner(loop_factory=factory) as runner:
        runner.run(call())


@pytest.mark.parametrize("phase_s", [0.001, 0.005, 0.009, 0.013, 0.017])
def test_a_packet_that_a_busy_loop_takes_late_makes_no_hole_behind_a_full_sink(
    phase_s: float,
) -> None:
    async def call() -> None:
        sync = AVSynchronizer(64, 48, 25)
        device = Device()
        sync.audio_output.attach_sink(device)
        await device.play(sync.audio_output, 0.5 + phase_s)

        async def source() -> None:
            begun_s = time.monotonic()
            for number, packet in enumerate(speech_with_markers(2.0, RATE_HZ).chunks(PACKET)):
                late_s = 0.019 if number == 40 else 0.0
                await asyncio.sleep(begun_s + number * 0.02 + late_s - time.monotonic())
                await sync.write_audio(packet)

        await asyncio.gather(device.play(sync.audio_output, 2.5), source())
        sound = np.flatnonzero(np.concatenate(device.played))
        assert sound[-1] + 1 - sound[0] == len(sound) == 2 * RATE_HZ
        sync.close()

    with virtual_time() as factory, asyncio.Runner(loop_factory=factory) as runner:
        runner.run(call())
