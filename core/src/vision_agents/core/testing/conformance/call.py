"""A call that notes everything its viewer sees and hears, for checks to read afterwards."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vision_agents.core.events.base import BaseEvent  # noqa: TC001 - events are routed by it
from vision_agents.core.media.audio_stream import AudioOutputChunk
from vision_agents.core.media.pcm import PcmData
from vision_agents.core.sync.utterances import PlaybackEvent, UtteranceFinished, UtteranceStarted
from vision_agents.core.testing.markers import MarkerDetector, picture_number, speech_with_markers
from vision_agents.core.testing.viewer import RATE_HZ, MeasuredCall

if TYPE_CHECKING:
    import av

    from vision_agents.core.avatars import Avatar
    from vision_agents.core.testing.conformance.bench import Bench

__all__ = ["NotedCall", "NotedPicture", "NotedSound", "Said"]

LOUD = 104  # -50 dBFS: below it counts as silence
PATIENCE_S = 20.0
"""How much later than it should be an utterance may be over before the kit gives up."""


@dataclass(frozen=True, slots=True)
class NotedSound:
    """A packet as it was pulled: when its first sample is heard, its length, its peak."""

    at_s: float
    duration_s: float
    peak: int


@dataclass(frozen=True, slots=True)
class NotedPicture:
    """A picture as it was received. ``number`` is ``FlashRenderer``'s, where it can be read."""

    at_s: float
    pts_s: float
    size: tuple[int, int]
    number: int | None


@dataclass(frozen=True, slots=True)
class Said:
    """An utterance as the agent sent it."""

    utterance_id: int
    seconds: float
    sent_at_s: float
    markers: frozenset[int]
    """Of ``speech_with_markers``: what a listener must be able to find in it."""


class _Notes(MarkerDetector):
    """Notes each packet and picture on its way into the detector."""

    def __init__(self, bench: Bench) -> None:
        super().__init__(RATE_HZ, fps=bench.source_fps, source_size=bench.source_size)
        self.sounds: list[NotedSound] = []
        self.pictures: list[NotedPicture] = []
        self._flash = bench.source_size is not None
        self._size = bench.source_size

    def push_audio(self, samples: PcmData | Any, t_s: float) -> None:
        data = samples.samples if isinstance(samples, PcmData) else samples
        loudest = int(np.abs(data.astype(np.int32)).max(initial=0))
        self.sounds.append(NotedSound(t_s, len(data) / RATE_HZ, loudest))
        super().push_audio(samples, t_s)

    def push_video(self, frame: av.VideoFrame, t_s: float) -> None:
        number = picture_number(frame, self._size) if self._flash else None
        pts_s = float((frame.pts or 0) * (frame.time_base or 0))
        self.pictures.append(NotedPicture(t_s, pts_s, (frame.width, frame.height), number))
        if self._flash:
            super().push_video(frame, t_s)


class NotedCall(MeasuredCall):
    """A measured call whose every packet, picture and event is noted."""

    def __init__(self, avatar: Avatar, bench: Bench) -> None:
        super().__init__(avatar, fps=bench.source_fps, source_size=bench.source_size)
        self.notes = _Notes(bench)
        self.viewer.detector = self.notes
        self.said: list[Said] = []
        self.playback: list[PlaybackEvent] = []
        self.events: list[BaseEvent] = []
        avatar.audio_output().playback.subscribe(self.playback.append)
        avatar.events.subscribe(self._on_event)

    def _on_event(self, event: BaseEvent) -> None:
        self.events.append(event)

    async def send(
        self, seconds: float, *, rate_hz: int = 24_000, channels: int = 1, piece_s: float = 0.1
    ) -> Said:
        """Send an utterance with markers as fast as it is taken; does not wait for its end."""
        number = len(self.said) + 1
        speech = speech_with_markers(seconds, rate_hz, utterance=number)
        if channels == 2:
            speech = PcmData(rate_hz, "s16", np.stack([speech.samples] * 2), channels=2)
        count = int((seconds - 0.04) / 0.5 + 0.5)  # one each half second, the first after 0.25 s
        names = frozenset(_marker(number, index) for index in range(count))
        said = Said(number, seconds, time.monotonic(), names)
        self.said.append(said)
        for piece in speech.chunks(round(piece_s * rate_hz)):
            await self.input.send(AudioOutputChunk(piece, utterance_id=number))
        await self.input.send(AudioOutputChunk(final=True, utterance_id=number))
        return said

    async def speak(self, seconds: float, **how: Any) -> Said:
        """Send an utterance and wait until it is over."""
        said = await self.send(seconds, **how)
        await self.over(said)
        return said

    async def over(self, said: Said) -> UtteranceFinished:
        """Wait for the end of an utterance, at most ``PATIENCE_S`` too long."""
        playback = self.avatar.audio_output().playback
        try:
            return await playback.wait_finished(said.utterance_id, said.seconds + PATIENCE_S)
        except TimeoutError:
            heard_s = playback.heard_s(said.utterance_id)
            raise AssertionError(
                f"an utterance of {said.seconds:g} s was not over {PATIENCE_S:g} s after it should "
                f"have been; {heard_s:.2f} s of it were heard"
            ) from None

    async def heard(self, said: Said, seconds: float) -> None:
        """Wait until so much of it was heard, at most ``PATIENCE_S`` too long."""
        try:
            async with asyncio.timeout(seconds + PATIENCE_S):
                await self._heard(said.utterance_id, seconds)
        except TimeoutError:
            heard_s = self.avatar.audio_output().playback.heard_s(said.utterance_id)
            raise AssertionError(
                f"of an utterance of {said.seconds:g} s only {heard_s:.2f} s were heard within "
                f"{seconds + PATIENCE_S:g} s"
            ) from None

    # ------------------------------------------------------------------- what was noted
    def finished(self, said: Said) -> list[UtteranceFinished]:
        """Every end that was told of the utterance."""
        ends = (event for event in self.playback if isinstance(event, UtteranceFinished))
        return [end for end in ends if end.utterance_id == said.utterance_id]

    def started(self, said: Said) -> list[UtteranceStarted]:
        """Every beginning that was told of the utterance."""
        begins = (event for event in self.playback if isinstance(event, UtteranceStarted))
        return [begin for begin in begins if begin.utterance_id == said.utterance_id]

    def loud(self, *, since_s: float = 0.0) -> list[NotedSound]:
        """The packets that were not silent, from a moment on."""
        return [s for s in self.notes.sounds if s.peak > LOUD and s.at_s >= since_s]

    def seen(self, *kinds: type[BaseEvent]) -> list[Any]:
        """The avatar's events of these kinds."""
        return [event for event in self.events if isinstance(event, kinds)]

    def markers_heard(self) -> set[int]:
        """The markers that the viewer heard, in all utterances."""
        return {marker for _, marker in self.report().heard}


def _marker(utterance: int, index: int) -> int:
    from vision_agents.core.testing.markers import MARKERS, MARKERS_PER_UTTERANCE

    return (utterance * MARKERS_PER_UTTERANCE + index) % MARKERS
