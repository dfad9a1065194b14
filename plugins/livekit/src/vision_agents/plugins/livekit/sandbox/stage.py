"""A puppet on stage: its sound and picture as two tracks in a LiveKit room, in real time."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import TYPE_CHECKING

import numpy as np

from livekit import rtc
from vision_agents.plugins.livekit.frames import to_livekit_audio, to_livekit_video
from vision_agents.plugins.livekit.publishing import audio_options, video_options

if TYPE_CHECKING:
    from collections.abc import Callable

    import av

    from vision_agents.core.testing.puppet import Puppet, PuppetEvent
    from vision_agents.plugins.livekit.room import RoomClient

# Sound waits this long in LiveKit's source, so that a busy event loop makes no gap in speech; the
# pictures wait as long on our side. A guess that held on two shared cores.
LEAD_S = 0.1
# Behind by more than this, the steps missed are skipped rather than played in a rush.
MAX_LATENESS_S = 1.0


class PuppetStage:
    """Plays ``puppet`` into the room of ``room``; pictures and sound leave together.

    ``on_event`` is called when the sound an event belongs to leaves, on the event loop. ``publish``
    once, then ``run`` in a task of the caller's; ``close`` when that task has ended.
    """

    def __init__(
        self,
        room: RoomClient,
        puppet: Puppet,
        *,
        on_event: Callable[[PuppetEvent], None],
        audio_name: str = "avatar_audio",
        video_name: str = "avatar_video",
    ) -> None:
        self._room = room
        self._puppet = puppet
        self._on_event = on_event
        self._names = (audio_name, video_name)
        self._audio = rtc.AudioSource(puppet.rate_hz, 1, queue_size_ms=round(4000 * LEAD_S))
        self._video: rtc.VideoSource | None = None
        self._waiting: deque[tuple[float, av.VideoFrame | None, tuple[PuppetEvent, ...]]] = deque()
        self._frozen = False
        self._cut = False

    async def publish(self, width: int, height: int, *, video: bool = True) -> None:
        """Publish the audio track and, unless ``video`` is off, the video track."""
        audio_name, video_name = self._names
        await self._room.publish(
            rtc.LocalAudioTrack.create_audio_track(audio_name, self._audio),
            audio_options(),
        )
        if video:
            self._video = rtc.VideoSource(width, height)
            await self._room.publish(
                rtc.LocalVideoTrack.create_video_track(video_name, self._video),
                video_options(width, height, float(self._puppet.fps)),
            )

    def interrupt(self) -> bool:
        """Cut what plays and drop what waits; whether there was anything."""
        had = self._puppet.interrupt() or any(events for _, _, events in self._waiting)
        self._cut = True
        return had

    def freeze(self, frozen: bool = True) -> None:
        """Stop sending anything, as a hung worker does, or go on."""
        self._frozen = frozen

    async def run(self) -> None:
        """Play until cancelled."""
        period_s = float(1 / self._puppet.fps)
        await self._prime()
        due_s = time.monotonic()
        while True:
            now_s = time.monotonic()
            if now_s - due_s > MAX_LATENESS_S:
                due_s = now_s
            if self._cut:
                await self._drop()
            if not self._frozen:
                step = self._puppet.step()
                self._waiting.append((due_s + LEAD_S, step.frame, step.events))
                await self._audio.capture_frame(
                    to_livekit_audio(step.samples, self._puppet.rate_hz, 1)
                )
                self._show(time.monotonic())
            due_s += period_s
            await asyncio.sleep(max(0.0, due_s - time.monotonic()))

    def _show(self, now_s: float) -> None:
        while self._waiting and self._waiting[0][0] <= now_s + 0.001:
            _, frame, events = self._waiting.popleft()
            if self._video is not None and frame is not None:
                self._video.capture_frame(to_livekit_video(frame))
            for event in events:
                self._on_event(event)

    async def _drop(self) -> None:
        self._cut = False
        self._audio.clear_queue()
        events = [event for _, _, waiting in self._waiting for event in waiting]
        self._waiting.clear()
        for event in events:
            self._on_event(event)
        await self._prime()

    async def _prime(self) -> None:
        silence = np.zeros(round(LEAD_S * self._puppet.rate_hz), np.int16)
        await self._audio.capture_frame(to_livekit_audio(silence, self._puppet.rate_hz, 1))

    async def close(self) -> None:
        """Release the sources; the tracks go when the room is left."""
        await self._audio.aclose()
        if self._video is not None:
            await self._video.aclose()
