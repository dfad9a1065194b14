"""An edge that writes what an agent publishes into a file, exactly and as fast as it can."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from vision_agents.core.edge.edge import Edge
from vision_agents.core.edge.file_encoder import FileEncoder
from vision_agents.core.edge.take import RATE_HZ, Piece, Take
from vision_agents.core.errors import StateError

if TYPE_CHECKING:
    from aiortc import VideoStreamTrack

    from vision_agents.core.agents.user import User
    from vision_agents.core.edge.call import Call
    from vision_agents.core.edge.media_file import MediaFile
    from vision_agents.core.media.audio_stream import AudioOutputStream

__all__ = ["RecorderEdge"]

logger = logging.getLogger(__name__)

# How long close() waits for the silence behind the last word before it stops in the middle.
CLOSE_PATIENCE_S = 2.0
# Pieces waiting for the encoder: enough that neither side waits for the other's jitter, and at
# 720p not more than 40 MB.
MAX_WAITING = 30
# Live, sound may wait longer, since what is not taken in its time is lost: 10 s, or 1 MB.
MAX_WAITING_LIVE = 500
PROGRESS_EVERY_S = 0.099  # after five pieces of 20 ms


class RecorderEdge(Edge):
    """Records to ``path`` (.mp4, .m4v or .webm) in the file's own time, not the clock's.

    Sound is pulled offline: whenever there is some, 20 ms after 20 ms, and each picture stands
    exactly where its sound is. So a minute of speech takes as long as it takes to draw and
    encode, and a silence in which nobody speaks takes no room. Encoding runs in a thread. The
    file can be played whatever ends the recording: ``close``, a cancellation, a full disk.

    With ``live`` it records the call as it happens: silences, interruptions and all, each picture
    where it was shown. It is what shows how a provider's face does in a call. An encoder that
    cannot keep up costs pictures (``pictures_dropped``), never sound.

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
        live: bool = False,
        fps: float | None = None,
        on_progress: Callable[[float], None] | None = None,
    ) -> None:
        super().__init__()
        self.path = Path(path)
        self.pictures_dropped = 0
        self._live = live
        self._fps = fps
        self._on_progress = on_progress
        self._file: MediaFile | None = None
        self._recording: asyncio.Task[None] | None = None
        self._over: asyncio.Future[None] | None = None
        self._stopping = asyncio.Event()
        self._finishing = False
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
            if not self._finishing:  # an encoder that is behind still gets to the end of the file
                recording.cancel()
            await asyncio.wait({recording})
        if self._over is not None and not self._over.done():
            self._over.set_result(None)
        await super().close()

    async def _record(self, audio: AudioOutputStream, video: VideoStreamTrack | None) -> None:
        encoder = FileEncoder()
        take = self._take(audio, video)
        try:
            await self._run(take, encoder)
        except Exception as exc:  # a reporting boundary: wait_ended() raises it
            self._end(exc)
        finally:
            self._finishing = True
            await take.close()
            try:
                await encoder.close(self._file)
            except Exception as exc:  # as above
                self._end(exc)

    def _take(self, audio: AudioOutputStream, video: VideoStreamTrack | None) -> Take:
        from vision_agents.core.edge.live_take import LiveTake
        from vision_agents.core.edge.offline_take import OfflineTake

        return (LiveTake if self._live else OfflineTake)(audio, video, self._fps)

    async def _run(self, take: Take, encoder: FileEncoder) -> None:
        from vision_agents.core.edge.media_file import MediaFile

        self._file = file = MediaFile(self.path, fps=take.fps, rate_hz=RATE_HZ)
        opened = False
        next_s = PROGRESS_EVERY_S
        while (piece := await take.next(self._stopping)) is not None:
            if not opened:
                await encoder.run(file.open, piece.pictures[0][0] if piece.pictures else None)
                opened = True
            await self._write(piece, file, encoder)
            self._recorded_s += piece.pcm.duration
            if self._on_progress is not None and self._recorded_s >= next_s:
                self._on_progress(self._recorded_s)
                next_s = self._recorded_s + PROGRESS_EVERY_S

    async def _write(self, piece: Piece, file: MediaFile, encoder: FileEncoder) -> None:
        limit = MAX_WAITING_LIVE if self._live else MAX_WAITING
        for frame, at_s in piece.pictures:
            if self._live and encoder.waiting >= MAX_WAITING:
                self.pictures_dropped += 1
            else:
                await encoder.submit(file.write_video, frame, at_s, limit=limit)
        await encoder.submit(file.write_audio, piece.pcm, limit=limit)

    def _end(self, exc: Exception) -> None:
        logger.debug("the recording of %s ended", self.path, exc_info=exc)
        if self._over is not None and not self._over.done():
            self._over.set_exception(exc)
            self._over.exception()  # whoever waits raises it; nobody has to
