"""A puppet on stage: its sound and picture as two tracks in a LiveKit room, in real time."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import TYPE_CHECKING

from livekit import rtc
from vision_agents.plugins.livekit.frames import to_livekit_audio, to_livekit_video
from vision_agents.plugins.livekit.publishing import audio_options, video_options

if TYPE_CHECKING:
    from collections.abc import Callable

    import av

    from vision_agents.core.testing.puppet import Puppet, PuppetEvent
    from vision_agents.plugins.livekit.room import RoomClient

# Sound waits this long in LiveKit's source, so that a busy event loop makes no gap in speech. A
# guess that held on two shared cores.
LEAD_S = 0.1
# How often a frozen stage looks whether it may go on.
IDLE_S = 0.02


class PuppetStage:
    """Plays ``puppet`` into the room of ``room``; pictures and sound leave together.

    The sound's source is the clock: a picture is shown when the sound pushed with it begins to
    leave, whatever the event loop was doing meanwhile.

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
        self._waiting: deque[tuple[float, av.VideoFrame, tuple[PuppetEvent, ...]]] = deque()
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
        while True:
            if self._cut:
                self._drop()
            if self._frozen:
                await asyncio.sleep(IDLE_S)
                continue
            ahead_s = self._audio.queued_duration
            if ahead_s < LEAD_S:
                step = self._puppet.step()
                self._waiting.append((time.monotonic() + ahead_s, step.frame, step.events))
                await self._audio.capture_frame(
                    to_livekit_audio(step.samples, self._puppet.rate_hz, 1)
                )
            self._show(time.monotonic())
            await asyncio.sleep(self._until_next())

    def _until_next(self) -> float:
        """Seconds until sound is wanted or a picture is due."""
        wanted_s = self._audio.queued_duration - LEAD_S
        due_s = self._waiting[0][0] - time.monotonic() if self._waiting else wanted_s
        return max(0.0, min(wanted_s, due_s))

    def _show(self, now_s: float) -> None:
        while self._waiting and self._waiting[0][0] <= now_s:
            _, frame, events = self._waiting.popleft()
            if self._video is not None:
                self._video.capture_frame(to_livekit_video(frame))
            for event in events:
                self._on_event(event)

    def _drop(self) -> None:
        self._cut = False
        self._audio.clear_queue()
        events = [event for _, _, waiting in self._waiting for event in waiting]
        self._waiting.clear()
        for event in events:
            self._on_event(event)

    async def close(self) -> None:
        """Release the sources; the tracks go when the room is left."""
        await self._audio.aclose()
        if self._video is not None:
            await self._video.aclose()
