"""An edge that writes what an agent publishes into a file, exactly and as fast as it can."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from vision_agents.core.edge.edge import Edge
from vision_agents.core.errors import StateError

if TYPE_CHECKING:
    import av
    from aiortc import VideoStreamTrack

    from vision_agents.core.agents.user import User
    from vision_agents.core.edge.call import Call
    from vision_agents.core.edge.media_file import MediaFile
    from vision_agents.core.media.audio_stream import AudioOutputStream
    from vision_agents.core.media.pcm import PcmData

__all__ = ["RecorderEdge"]

logger = logging.getLogger(__name__)

RATE_HZ = 48_000
PACKET_S = 0.02
DEFAULT_FPS = 30
# Silence recorded after the last word: the mouth has closed by then.
TAIL_S = 0.4
# How long a source may take to make the next piece of it.
TAIL_PATIENCE_S = 0.2
# How long close() waits for that silence before it stops in the middle.
CLOSE_PATIENCE_S = 2.0
# Pieces waiting for the encoder: enough that neither side waits for the other's jitter, and at
# 720p not more than 40 MB.
MAX_WAITING = 30


class RecorderEdge(Edge):
    """Records to ``path`` (.mp4, .m4v or .webm) in the file's own time, not the clock's.

    Sound is pulled offline: whenever there is some, 20 ms after 20 ms, and each picture stands
    exactly where its sound is. So a minute of speech takes as long as it takes to draw and
    encode, and a silence in which nobody speaks takes no room. Encoding runs in a thread. The
    file can be played whatever ends the recording: ``close``, a cancellation, a full disk.

    ``fps`` is the picture rate of the file, the avatar's own where it tells it.
    ``on_progress(seconds)`` is called about ten times per recorded second.

    Raises:
        ConfigError: the file's ending names no format; from the constructor.
        MediaError: the folder is missing (``join``), or the file cannot be written (``say``).
    """

    attended = False

    def __init__(
        self,
        path: str | Path,
        *,
        fps: float | None = None,
        on_progress: Callable[[float], None] | None = None,
    ) -> None:
        super().__init__()
        self.path = Path(path)
        self._fps = fps
        self._on_progress = on_progress
        self._file: MediaFile | None = None
        self._recording: asyncio.Task[None] | None = None
        self._over: asyncio.Future[None] | None = None
        self._stopping = asyncio.Event()
        self._recorded_s = 0.0

    @property
    def recorded_s(self) -> float:
        """Seconds of sound recorded so far."""
        return self._recorded_s

    async def join(self, call: Call, user: User) -> None:
        del call, user
        from vision_agents.core.edge.media_file import check_path  # loads av

        check_path(self.path)
        self._over = asyncio.get_running_loop().create_future()

    async def publish(
        self, *, audio: AudioOutputStream | None, video: VideoStreamTrack | None
    ) -> None:
        """Begin to record; the clock of the recording is the sound's, so there must be sound."""
        if audio is None:
            raise StateError("a recording needs sound: give the agent a tts or an avatar")
        self._recording = asyncio.create_task(self._record(audio, video), name="recorder")

    async def wait_ended(self) -> None:
        if self._over is None:
            await super().wait_ended()
        else:
            await asyncio.shield(self._over)

    async def close(self) -> None:
        """Record the short silence after the last word, and finish the file."""
        self._stopping.set()
        recording, self._recording = self._recording, None
        if recording is not None:
            await asyncio.wait({recording}, timeout=CLOSE_PATIENCE_S)
            recording.cancel()
            await asyncio.wait({recording})
        if self._over is not None and not self._over.done():
            self._over.set_result(None)
        await super().close()

    async def _record(self, audio: AudioOutputStream, video: VideoStreamTrack | None) -> None:
        encoder = _Encoder()
        try:
            await self._run(_Source(audio, video, self._fps), encoder)
        except Exception as exc:  # a reporting boundary: wait_ended() raises it
            self._end(exc)
        finally:
            try:
                await encoder.close(self._file)
            except Exception as exc:  # as above
                self._end(exc)

    async def _run(self, source: _Source, encoder: _Encoder) -> None:
        from vision_agents.core.edge.media_file import MediaFile

        self._file = file = MediaFile(self.path, fps=source.fps, rate_hz=RATE_HZ)
        opened = False
        while (pcm := await source.sound(self._stopping)) is not None:
            pictures = [picture async for picture in source.pictures()]
            if not opened:
                await encoder.run(file.open, pictures[0][0] if pictures else None)
                opened = True
            for frame, at_s in pictures:
                await encoder.submit(file.write_video, frame, at_s)
            await encoder.submit(file.write_audio, pcm)
            if self._on_progress is not None and source.packets % 5 == 0:
                self._on_progress(source.position_s)
            self._recorded_s = source.position_s

    def _end(self, exc: Exception) -> None:
        logger.debug("the recording of %s ended", self.path, exc_info=exc)
        if self._over is not None and not self._over.done():
            self._over.set_exception(exc)
            self._over.exception()  # whoever waits raises it; nobody has to


class _Source:
    """What is published, at the pace of whoever takes it."""

    def __init__(
        self, audio: AudioOutputStream, video: VideoStreamTrack | None, fps: float | None
    ) -> None:
        self.fps = fps or getattr(video, "fps", None) or DEFAULT_FPS
        self.packets = 0
        self._audio = audio
        self._video = video
        self._shown = 0
        self._patience_s = TAIL_PATIENCE_S
        self._quiet_s = TAIL_S  # nothing is recorded before the first word
        audio.use_offline_clock()

    @property
    def position_s(self) -> float:
        """Seconds of sound taken."""
        return self.packets * PACKET_S

    async def sound(self, stopping: asyncio.Event) -> PcmData | None:
        """The next 20 ms that are worth recording; None when there will be no more."""
        while True:
            if self._audio.playback.current is not None:
                self._quiet_s, self._patience_s = 0.0, TAIL_PATIENCE_S
                pcm = await self._pull()
            elif self._quiet_s < TAIL_S:
                pcm = await self._tail()
            elif await self._more_to_come(stopping):
                continue
            else:
                return None
            self.packets += pcm is not None
            return pcm

    async def pictures(self) -> AsyncIterator[tuple[av.VideoFrame, float]]:
        """The pictures that begin within the sound just taken, and where."""
        while self._video is not None and self._shown / self.fps < self.position_s:
            frame = cast("av.VideoFrame", await self._video.recv())
            yield frame, self._shown / self.fps
            self._shown += 1

    async def _tail(self) -> PcmData | None:
        """Silence behind the last word, in which the mouth closes."""
        self._quiet_s += PACKET_S
        began_s = time.monotonic()
        patience_s = self._patience_s
        pcm = await self._pull(patience_s)
        if time.monotonic() - began_s >= patience_s:
            self._patience_s = 0.001  # a source that makes no silence: it is not asked again
        return pcm

    async def _pull(self, patience_s: float | None = None) -> PcmData | None:
        samples = round(RATE_HZ * PACKET_S)
        return await self._audio.pull_offline(samples, RATE_HZ, patience_s=patience_s)

    async def _more_to_come(self, stopping: asyncio.Event) -> bool:
        """Wait for the next utterance; False when the recording is stopped before."""
        waits = {
            asyncio.ensure_future(self._audio.playback.wait_owed()),
            asyncio.ensure_future(stopping.wait()),
        }
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.wait(waits)
        return not stopping.is_set()


class _Encoder:
    """One worker thread, so that encoding never holds up the loop; work is done in order."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="recorder")
        self._pending: deque[asyncio.Future[None]] = deque()

    async def run(self, work: Callable[..., None], *args: Any) -> None:
        """Do ``work`` and wait for it."""
        await asyncio.get_running_loop().run_in_executor(self._thread, work, *args)

    async def submit(self, work: Callable[..., None], *args: Any) -> None:
        """Do ``work`` later; waits while much is waiting, and raises what earlier work raised."""
        loop = asyncio.get_running_loop()
        self._pending.append(loop.run_in_executor(self._thread, work, *args))
        while self._pending and (len(self._pending) > MAX_WAITING or self._pending[0].done()):
            await self._pending.popleft()

    async def close(self, file: MediaFile | None) -> None:
        """Do what is waiting, finish the file and end the thread; raises the first error."""
        try:
            results = await asyncio.gather(*self._pending, return_exceptions=True)
            if file is not None:
                await self.run(file.close)
            for result in results:
                if isinstance(result, Exception):
                    raise result
        finally:
            self._thread.shutdown(wait=False)
