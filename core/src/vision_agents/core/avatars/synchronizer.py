"""``AVSynchronizer``: pictures and sound in as they come, in step out."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from vision_agents.core.avatars.engine_stream import EngineStream
from vision_agents.core.avatars.face import Face
from vision_agents.core.avatars.fitting import OrderedFitting
from vision_agents.core.avatars.tracks import QueuedVideoTrack
from vision_agents.core.errors import ConfigError, StreamClosed, StreamError
from vision_agents.core.media.chunks import AudioOutputChunk
from vision_agents.core.media.frames import FrameFitter
from vision_agents.core.media.pcm import as_pcm
from vision_agents.core.media.signal import Signal
from vision_agents.core.sync import policy
from vision_agents.core.sync.engine import SyncEngine

if TYPE_CHECKING:
    import av

    from vision_agents.core.media.audio_stream import AudioOutputStream
    from vision_agents.core.media.pcm import PcmLike
    from vision_agents.core.sync.report import SyncReport

__all__ = ["AVSynchronizer"]

_OFFLINE_WAIT_S = 1.0
"""Offline, a picture that belongs to a tick is waited for this long in real time."""


class AVSynchronizer:
    """Releases an avatar's pictures and sound in step, paced by the listener.

    Sound leaves through ``audio_output`` as it is pulled, and its position is the clock; pictures
    leave through ``video_output`` when the sound of their moment is heard. Media time is the pts
    of frames and PCM where they have one, else the moment of arrival (pictures) and the count of
    samples (sound). ``shared_timeline``: the pts of both count the same media time, as in a
    renderer's own; otherwise each stream's pts may start anywhere and only arrival ties them.

    ``max_queue_size`` pictures wait at most; a full queue is thinned evenly. Unless said it is 30,
    or as many as take 56 MB (18 at 1080p), but never less than half a second of them. ``trim_ms``
    shows pictures that much later. ``receive_skew_s``: the sound is received this much later than
    the picture of the same moment.

    Owns no task, needs no running loop until something is awaited, belongs to one loop. Frames of
    the right size are kept by reference: whoever wrote them must not change them any more.

    Raises:
        ConfigError: a size that is not positive and even, or an fps or queue below 1.
    """

    def __init__(
        self,
        width: int = 1920,
        height: int = 1080,
        fps: float = 30,
        max_queue_size: int | None = None,
        *,
        trim_ms: float = 0.0,
        receive_skew_s: float = 0.0,
        shared_timeline: bool = False,
    ) -> None:
        _check(width, height, fps, max_queue_size)
        most = max_queue_size or _most_pictures(width, height, fps)
        self.width, self.height, self.fps = width, height, fps
        self._engine: SyncEngine[av.VideoFrame] = SyncEngine(
            fps,
            most,
            trim_s=trim_ms / 1000,
            skew_s=receive_skew_s,
            shared_timeline=shared_timeline,
        )
        self._fitting = OrderedFitting(FrameFitter(width, height), self._deliver, most)
        self._face = Face(width, height)
        self._arrived = Signal()
        self._closed = False
        self._stream = EngineStream(self._engine, self._on_cut, self._arrived.notify)
        self._track = QueuedVideoTrack(self, width, height, fps)

    @property
    def video_output(self) -> QueuedVideoTrack:
        """The outbound picture track; the same object for the whole life."""
        return self._track

    @property
    def audio_output(self) -> AudioOutputStream:
        """The outbound sound; its ``flush()`` is this synchroniser's."""
        return self._stream

    # -------------------------------------------------------------------------- writing
    async def write_video(self, frame: av.VideoFrame) -> None:
        """Take a picture; at once where it has the right size, else when it has been scaled.

        Never waits for room. Pictures keep the order of the calls. After :meth:`close` they are
        ignored. Cancelled while scaling, the picture may still be shown.

        Raises:
            MediaError: a picture that cannot be converted.
        """
        if self._closed:
            return
        done = self._fitting.submit(frame, self._stream.now_s(), notify=True)
        if done is not None:
            await asyncio.shield(done)

    def write_video_nowait(self, frame: av.VideoFrame) -> None:
        """:meth:`write_video` for callbacks; needs a running loop where the picture has to be
        scaled. One that cannot be converted is logged, once."""
        if not self._closed:
            self._fitting.submit(frame, self._stream.now_s())

    def _deliver(self, frame: av.VideoFrame, arrived_s: float) -> None:
        self._face.offer(frame)
        self._engine.push_picture(frame, frame.pts, frame.time_base, arrived_s)
        self._arrived.notify()

    async def write_audio(self, pcm: PcmLike | av.AudioFrame) -> None:
        """Take sound of any rate and layout; waits only beyond 30 s queued.

        A flush or a close while it waits discards the sound; after :meth:`close` it is ignored.

        Raises:
            TypeError: not PCM.
        """
        chunk = AudioOutputChunk(as_pcm(pcm))
        try:  # contextlib.suppress costs a fifth of the call
            await self._stream.send(chunk)
        except StreamClosed:
            return

    def write_audio_nowait(self, pcm: PcmLike | av.AudioFrame) -> bool:
        """:meth:`write_audio` for callbacks: False where there was no room, or after close."""
        try:
            self._stream.send_nowait(AudioOutputChunk(as_pcm(pcm)))
        except StreamError:
            return False
        return True

    def new_source(self) -> None:
        """The media that follow come from another source, whose time stamps begin anew; what is
        queued is still played."""
        self._engine.new_source()

    async def wait_for_demand(self, lead_s: float = 0.1) -> None:
        """Return when less than ``lead_s`` of media is queued ahead of the listener: what a
        source that makes its media itself awaits between pieces.

        Also where nobody pulls, offline, and after :meth:`close`.
        """
        self._engine.serve_on_demand()
        await asyncio.sleep(0)  # a source that is always behind must not keep the loop
        while not self._closed:
            self._stream.advance()
            ahead_s = self._engine.ahead_s(self._stream.now_s())
            if ahead_s < lead_s:
                return
            # Never a wait of nothing: a virtual clock would stand still in this loop.
            await self._stream.park(None if self._stream.offline else max(0.001, ahead_s - lead_s))

    # -------------------------------------------------------------------- cutting, ending
    async def flush(self) -> None:
        """Barge-in: drop all that has arrived, sound and pictures, those being scaled and writers
        that wait included. Done when it returns; never waits."""
        self._stream.cut()

    def _on_cut(self) -> None:
        self._fitting.clear()
        self._engine.clear_pictures()
        self._face.ease(self._stream.now_s())

    def set_idle_frame(self, frame: av.VideoFrame | None) -> None:
        """The picture that the face eases back to after a flush or when pictures stop; any size.

        Scaled here and now: set it once, not per picture.
        """
        self._face.idle = frame and FrameFitter(self.width, self.height).fit(frame)

    def close(self) -> None:
        """Stop both outputs. Idempotent; later writes are refused or ignored."""
        if self._closed:
            return
        self._closed = True
        self._fitting.clear()
        self._engine.clear_pictures()
        self._stream.shut()
        self._track.stop()
        self._arrived.notify()

    # ------------------------------------------------------------------------- the number
    @property
    def report(self) -> SyncReport:
        """The last report made, or one made now if there was none."""
        return self._stream.last_report or self._stream.make_report()

    def on_report(self, callback: Callable[[SyncReport], None]) -> Callable[[], None]:
        """Call back with a report about once a second of sound pulled; returns what ends that."""
        return self._stream.on_report(callback)

    # ------------------------------------------------------------------- for the track alone
    async def picture(self, tick_s: float) -> tuple[av.VideoFrame, float]:
        """The picture of a tick, and by how much the next one had better come later."""
        if self._stream.offline:
            await self._wait_for_picture(tick_s)
        else:
            self._stream.advance()
        shown = self._engine.tick(tick_s)
        if shown.picture is not None:
            return self._face.show(shown.picture, tick_s), shown.correction_s
        return await self._face.again(tick_s), 0.0

    @property
    def offline_start_s(self) -> float | None:
        """Where an offline reader began; None in a live call."""
        return self._stream.offline_start_s if self._stream.offline else None

    async def _wait_for_picture(self, tick_s: float) -> None:
        """Wait until the picture for ``tick_s`` is there or will not come, within bounds."""
        until_s = time.monotonic() + _OFFLINE_WAIT_S
        while not (self._closed or self._engine.covers(tick_s)):
            left_s = until_s - time.monotonic()
            if left_s <= 0 or self._face.is_still(tick_s):
                return
            await self._arrived.wait(left_s)


def _most_pictures(width: int, height: int, fps: float) -> int:
    """How many may wait unless the caller says."""
    affordable = int(policy.PICTURES_BYTES / (width * height * 1.5))
    needed = math.ceil(policy.PICTURES_LEAST_S * fps)
    return min(policy.PICTURES_MOST, max(affordable, needed))


def _check(width: int, height: int, fps: float, max_queue_size: int | None) -> None:
    for name, size in (("width", width), ("height", height)):
        if size <= 0 or size % 2:
            raise ConfigError(f"{name} must be a positive even number of pixels, not {size}")
    if not 1 <= fps <= 1000:
        raise ConfigError(f"fps must be between 1 and 1000, not {fps}")
    if max_queue_size is not None and max_queue_size < 1:
        raise ConfigError(f"max_queue_size must be at least 1, not {max_queue_size}")
