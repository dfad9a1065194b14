"""One Anam session: speech over the signalling socket, the face back over WebRTC."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from vision_agents.core.avatars.provider import (
    EndReason,
    Limits,
    MediaSink,
    ProviderSession,
    SessionEnd,
)
from vision_agents.core.errors import ProviderTimeoutError
from vision_agents.core.media.gaps import GapFiller
from vision_agents.plugins.anam.connection import AnamConnection
from vision_agents.plugins.anam.failures import PROVIDER

if TYPE_CHECKING:
    from vision_agents.core.media.pcm import PcmData
    from vision_agents.plugins.anam.settings import AnamSettings

FIRST_PICTURE_TIMEOUT_S = 5.0
# The face sends pictures all the time. The SDK needs 34 s to notice a dead path, or never tells.
MEDIA_TIMEOUT_S = 3.0


class AnamSession(ProviderSession):
    """``open`` makes it ready; ``disconnect`` ends it at the service, whatever has happened."""

    def __init__(self, settings: AnamSettings, media: MediaSink) -> None:
        self._media = media
        self._ended: asyncio.Future[SessionEnd] = asyncio.get_running_loop().create_future()
        self._connection = AnamConnection(settings, self._on_lost)
        self._max_session_s = settings.max_session_length
        self._tasks: list[asyncio.Task[None]] = []
        self._last_picture_s: float | None = None
        self._seen = asyncio.Event()
        self._disconnecting: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Connect, begin to read media at once, and wait until speech is taken.

        Raises:
            ProviderError: of the kind that fits; ``disconnect`` follows.
        """
        await self._connection.open(self._media.phase)
        self._spawn(self._read_video(self._connection.video_frames()), "pictures")
        self._spawn(self._read_audio(self._connection.audio_frames()), "sound")
        self._media.phase("session ready")
        await self._connection.wait_ready()
        self._media.phase("first picture")
        try:
            async with asyncio.timeout(FIRST_PICTURE_TIMEOUT_S):
                await self._seen.wait()
        except TimeoutError:
            raise ProviderTimeoutError(
                "first picture", provider=PROVIDER, timeout_s=FIRST_PICTURE_TIMEOUT_S
            ) from None
        self._spawn(self._watch_media(), "media watch")
        session_id = self._connection.session_id
        self.limits = Limits(session_id=session_id, max_session_s=self._max_session_s)

    # -------------------------------------------------------------------------- speech
    async def send(self, pcm: PcmData, *, utterance: int) -> None:
        del utterance  # the service has no name for it: an end separates two
        await self._connection.send(pcm.to_bytes())

    async def end(self, *, utterance: int) -> None:
        del utterance
        await self._connection.end()

    async def interrupt(self, *, utterance: int) -> None:
        del utterance
        await self._connection.interrupt()

    # ------------------------------------------------------------------------ its end
    async def wait_closed(self) -> SessionEnd:
        return await asyncio.shield(self._ended)

    async def disconnect(self, reason: EndReason) -> None:
        if self._disconnecting is None:
            self._disconnecting = asyncio.create_task(
                self._disconnect(reason), name="anam disconnect"
            )
        await asyncio.shield(self._disconnecting)

    async def _disconnect(self, reason: EndReason) -> None:
        self._end(SessionEnd(reason))
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self._connection.close()

    def _on_lost(self, detail: str) -> None:
        ended = detail.startswith("server_closed")
        reason = EndReason.ENDED if ended else EndReason.DISCONNECTED
        self._end(SessionEnd(reason, detail))

    def _end(self, end: SessionEnd) -> None:
        if not self._ended.done():
            self._ended.set_result(end)

    # --------------------------------------------------------------------------- media
    async def _read_video(self, frames: AsyncIterator[Any]) -> None:
        async for frame in frames:
            self._last_picture_s = time.monotonic()
            self._seen.set()
            self._media.write_video(frame)
        self._end(SessionEnd(EndReason.DISCONNECTED, "the video track ended"))

    async def _read_audio(self, frames: AsyncIterator[Any]) -> None:
        filler = GapFiller()  # aiortc leaves lost packets out
        async for frame in frames:
            for pcm in filler.push(frame):
                self._media.write_audio(pcm)
        self._end(SessionEnd(EndReason.DISCONNECTED, "the audio track ended"))

    async def _watch_media(self) -> None:
        """Notice a path that died without a word."""
        while True:
            assert self._last_picture_s is not None
            left_s = self._last_picture_s + MEDIA_TIMEOUT_S - time.monotonic()
            if left_s <= 0:
                detail = f"no picture for {MEDIA_TIMEOUT_S:g} s"
                self._end(SessionEnd(EndReason.DISCONNECTED, detail))
                return
            await asyncio.sleep(left_s)

    def _spawn(self, work: Any, name: str) -> None:
        self._tasks.append(asyncio.create_task(work, name=f"anam {name}"))
