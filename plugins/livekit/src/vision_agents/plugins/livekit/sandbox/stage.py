"""A puppet on stage: its sound and picture as two tracks in a LiveKit room, in real time."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import TYPE_CHECKING

from livekit import rtc
from vision_agents.plugins.livekit.frames import to_livekit_video
from vision_agents.plugins.livekit.publishing import audio_options, video_options
from vision_agents.plugins.livekit.source import PacedSource

if TYPE_CHECKING:
    from collections.abc import Callable

    import av

    from vision_agents.core.testing.puppet import Puppet, PuppetEvent
    from vision_agents.plugins.livekit.room import RoomClient

# Sound waits this long in LiveKit's source, so that a busy event loop makes no gap in speech. A
# guess that held on two shared cores.
LEAD_S = 0.1
# How often it looks whether there is something to do.
IDLE_S = 0.01


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
        self._audio = PacedSource(puppet.rate_hz, lead_s=LEAD_S)
        self._video: rtc.VideoSource | None = None
        self._waiting: deque[tuple[float, av.VideoFrame, tuple[PuppetEvent, ...]]] = deque()
        self._frozen = False
        self._cut = False

    async def publish(self, width: int, height: int, *, video: bool = True) -> None:
        """Publish the audio track and, unless ``video`` is off, the video track."""
        audio_name, video_name = self._names
        await self._room.publish(
            rtc.LocalAudioTrack.create_audio_track(audio_name, self._audio.native),
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
        showing = asyncio.create_task(self._show_in_time(), name="puppet-pictures")
        try:
            while True:
                if self._cut:
                    self._drop()
                if self._frozen:
                    await asyncio.sleep(IDLE_S)
                    continue
                step = self._puppet.step()
                due_s = time.monotonic() + self._audio.queued_s()
                self._waiting.append((due_s, step.frame, step.events))
                await self._audio.push(step.samples)
        finally:
            showing.cancel()
            await asyncio.wait({showing})

    async def _show_in_time(self) -> None:
        while True:
            if self._waiting:
                self._show(time.monotonic())
            due_s = self._waiting[0][0] - time.monotonic() if self._waiting else IDLE_S
            await asyncio.sleep(min(IDLE_S, max(0.0, due_s)))

    def _show(self, now_s: float) -> None:
        while self._waiting and self._waiting[0][0] <= now_s:
            _, frame, events = self._waiting.popleft()
            if self._video is not None:
                self._video.capture_frame(to_livekit_video(frame))
            for event in events:
                self._on_event(event)

    def _drop(self) -> None:
        self._cut = False
        self._audio.clear()
        events = [event for _, _, waiting in self._waiting for event in waiting]
        self._waiting.clear()
        for event in events:
            self._on_event(event)

    async def close(self) -> None:
        """Release the sources; the tracks go when the room is left."""
        await self._audio.close()
        if self._video is not None:
            await self._video.aclose()
