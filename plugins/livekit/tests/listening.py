"""A person in the room who measures what they see and hear, and what the edge gave them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, cast

import av
import numpy as np

from vision_agents.core.media import PcmData
from vision_agents.core.testing.markers import MarkerDetector, MarkerReport
from vision_agents.plugins.livekit import LiveKitEdge
from vision_agents.plugins.livekit.room import RoomClient

if TYPE_CHECKING:
    from aiortc import VideoStreamTrack

    from vision_agents.core.media.audio_stream import AudioOutputStream, AudioSink

LOUD = 150  # beneath the carrier of `speech_with_markers`, above what Opus makes of silence


class Ears:
    """Hears and watches one participant; times are monotonic seconds.

    Pictures count when they arrive. Sound is a gapless stream of samples, as it would be played:
    its clock runs at the sample rate, set so that half of the pieces arrive before it.
    """

    def __init__(self, room: RoomClient, identity: str, *, fps: float = 25) -> None:
        self._detector = MarkerDetector(48_000, fps=fps)
        self._sound: list[tuple[float, PcmData]] = []
        self.pictures = 0
        self.sizes: set[tuple[int, int]] = set()
        self.loud: list[tuple[float, float]] = []
        """Spans in which speech arrived."""
        room.receive(identity, on_video=self._see, on_audio=self._hear)

    def report(self) -> MarkerReport:
        """What was seen and heard; call it once, at the end."""
        starts_s = np.cumsum([0.0, *(pcm.duration for _, pcm in self._sound[:-1])])
        base_s = float(np.median([at_s for at_s, _ in self._sound] - starts_s))
        for start_s, (_, pcm) in zip(starts_s, self._sound, strict=True):
            self._detector.push_audio(pcm, base_s + float(start_s))
        return self._detector.report()

    def _see(self, _: str, frame: av.VideoFrame) -> None:
        self.pictures += 1
        self.sizes.add((frame.width, frame.height))
        self._detector.push_video(frame, time.monotonic())

    def _hear(self, _: str, pcm: PcmData) -> None:
        now_s = time.monotonic()
        self._sound.append((now_s, pcm))
        speech = np.flatnonzero(np.abs(pcm.samples.astype(np.int32)) > LOUD)
        if not len(speech):
            return
        start_s = now_s + int(speech[0]) / pcm.sample_rate
        end_s = now_s + (int(speech[-1]) + 1) / pcm.sample_rate
        if self.loud and start_s - self.loud[-1][1] < 0.2:
            self.loud[-1] = (self.loud[-1][0], end_s)
        else:
            self.loud.append((start_s, end_s))


class Tap:
    """Between a stream and the edge that pulls it: notes what was pulled and when that leaves."""

    def __init__(self, stream: AudioOutputStream) -> None:
        self.left = MarkerDetector(48_000)
        self._stream = stream
        self._sink: AudioSink | None = None

    def attach_sink(self, sink: AudioSink | None) -> None:
        self._sink = sink
        self._stream.attach_sink(sink)

    def pull(self, samples: int, rate_hz: int, now_s: float, channels: int = 1) -> PcmData:
        ahead_s = self._sink.queued_s() if self._sink is not None else 0.0
        pcm = self._stream.pull(samples, rate_hz, now_s, channels)
        self.left.push_audio(pcm, now_s + ahead_s)
        return pcm


class TappedEdge(LiveKitEdge):
    """The edge, with its sound noted on the way into LiveKit's source."""

    tap: Tap

    async def publish(
        self, *, audio: AudioOutputStream | None, video: VideoStreamTrack | None
    ) -> None:
        assert audio is not None
        self.tap = Tap(audio)
        await super().publish(audio=cast("AudioOutputStream", self.tap), video=video)
