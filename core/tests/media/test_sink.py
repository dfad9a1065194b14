"""The queue of an edge that pushes: what it holds was not heard, and a flush empties it."""

from __future__ import annotations

import pytest

from vision_agents.core.media import PcmData
from vision_agents.core.media.audio_stream import AudioOutputChunk, AudioOutputStream
from vision_agents.core.sync.utterances import PlaybackEvent, UtteranceFinished
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
