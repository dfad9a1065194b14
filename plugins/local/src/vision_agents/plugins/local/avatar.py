"""The embedded avatar: a face drawn on this machine's CPU, no account and no network."""

from __future__ import annotations

import asyncio
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from vision_agents.core.avatars import Avatar
from vision_agents.core.avatars.synchronizer import AVSynchronizer
from vision_agents.core.errors import StateError, StreamClosed, StreamEmpty
from vision_agents.core.events.avatar import AvatarErrorEvent, AvatarFirstFrameEvent
from vision_agents.core.media.chunks import AudioOutputChunk, AudioOutputFlush
from vision_agents.plugins.local.face.renderer import FaceRenderer
from vision_agents.plugins.local.performer import READ_AHEAD_S, Performer
from vision_agents.plugins.local.settings import LocalAvatarSettings

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    import av
    from aiortc import VideoStreamTrack

    from vision_agents.core.media.audio_stream import AudioOutputStream
    from vision_agents.plugins.local.performer import Beat

    _T = TypeVar("_T")

_logger = logging.getLogger(__name__)

# Media queued ahead of the listener. While it speaks, so much that a late frame stays unseen;
# idle, as little as there can be: whatever is queued delays the next word.
_SPEAKING_LEAD_S: Final = 0.1
_IDLE_LEAD_S: Final = 0.02
_LAST_MOMENT_S: Final = 0.02  # queued sound at which an utterance that ran dry is given up waiting


class LocalAvatar(Avatar):
    """Draws a talking face and hands the agent's sound on unchanged, in step with it.

    It makes one frame period at a time, sound and picture, whenever the listener is about to need
    it: live, offline and when nobody listens. Speech is held back by 90 ms, since a mouth shape
    depends on what comes next; phoneme marks on the speech are used where there are any. All
    drawing is done on one worker thread. One instance serves one call.

    Raises:
        ConfigError: a size that is odd or out of range, or an impossible rate.
    """

    provider_name = "local"

    def __init__(self, width: int = 1280, height: int = 720, fps: int = 30) -> None:
        super().__init__()
        self.settings = LocalAvatarSettings(width=width, height=height, fps=fps)
        self._sync = AVSynchronizer(width=width, height=height, fps=fps, shared_timeline=True)
        self._studio = _Studio(self.settings)
        self._heard: list[AudioOutputChunk] = []
        self._interrupted = False
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    def video_output(self) -> VideoStreamTrack:
        """The face."""
        return self._sync.video_output

    def audio_output(self) -> AudioOutputStream:
        """The speech, in step with the face; silence in between."""
        return self._sync.audio_output

    def attach_audio_input(self, stream: AudioOutputStream) -> None:
        """Take the agent's speech from ``stream``; what of it was heard is told to the sample."""
        super().attach_audio_input(stream)
        self._sync.audio_output.playback.follow(stream, tagged=True)

    async def start(self) -> None:
        """Draw the first frame, then go on in a task; returns when the first frame is there.

        Raises:
            ValueError: no input is attached.
            StateError: the avatar was closed.
        """
        if self._closed:
            raise StateError("this LocalAvatar was closed; make a new one for the next call")
        if self._task is not None:
            return
        began_s = time.monotonic()
        stream = self.input_audio_stream
        first: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._perform(stream, first), name="local-avatar")
        await asyncio.wait((first, self._task), return_when=asyncio.FIRST_COMPLETED)
        if self._task.cancelled():
            raise StateError("this LocalAvatar was closed while it started")
        if self._task.done():
            self._task.result()
        self.events.send(
            AvatarFirstFrameEvent(
                provider_name=self.provider_name,
                latency_s=time.monotonic() - began_s,
                width=self.settings.width,
                height=self.settings.height,
            )
        )

    async def interrupt(self) -> None:
        """Forget the speech held here; the mouth eases shut within 100 ms."""
        self._cut()

    async def close(self) -> None:
        """Stop drawing and end the worker thread, within a frame's time."""
        self._closed = True
        task = self._task
        if task is not None:
            task.cancel()
            await asyncio.wait((task,))
            if not task.cancelled():
                task.exception()  # was reported when it happened
        await self._studio.close()
        self._sync.close()

    async def _perform(self, stream: AudioOutputStream, first: asyncio.Future[None]) -> None:
        try:
            await self._studio.open()
            number = 0
            while True:
                if await self._show_next(stream, number):
                    number += 1
                    if not first.done():
                        first.set_result(None)
                    await self._sync.wait_for_demand(
                        _SPEAKING_LEAD_S if self._studio.ahead_s else _IDLE_LEAD_S
                    )
        except Exception as exc:
            # The boundary of the task: nobody awaits it before close().
            _logger.exception("the local avatar stopped")
            self.events.send(
                AvatarErrorEvent(provider_name=self.provider_name, exc=exc, fatal=True)
            )
            raise

    async def _show_next(self, stream: AudioOutputStream, number: int) -> bool:
        """Perform beat ``number``; ``False`` when it was overtaken by a barge-in."""
        self._listen(stream)
        shot = await self._shoot(number, whole=True)
        while shot is None and not self._interrupted:
            more = await self._wait_for_speech(stream)
            shot = await self._shoot(number, whole=more)
        # A barge-in may have come while we were drawing. Nothing is awaited between this look and
        # the engine's taking the beat, so what it cuts cannot slip in behind the cut.
        self._listen(stream)
        if self._interrupted or shot is None:
            return False
        await self._sync.write_video(shot.frame)
        for chunk in shot.beat.chunks:
            await self._sync.audio_output.send(chunk)
        return True

    def _listen(self, stream: AudioOutputStream) -> None:
        """Take what the agent has said so far, as much as is worth reading ahead."""
        ahead_s = self._studio.ahead_s + sum(_duration_s(chunk) for chunk in self._heard)
        while ahead_s < READ_AHEAD_S or stream.flush_waits:
            try:
                item = stream.get_nowait()
            except (StreamEmpty, StreamClosed):
                return
            self._take(item)
            ahead_s += _duration_s(item)

    def _take(self, item: AudioOutputChunk | AudioOutputFlush) -> None:
        if isinstance(item, AudioOutputFlush):
            self._cut()
        else:
            self._heard.append(item)

    def _cut(self) -> None:
        """Forget all speech up to now; what is heard after this belongs to a new utterance."""
        self._interrupted = True
        self._heard.clear()

    async def _shoot(self, number: int, *, whole: bool) -> _Shot | None:
        heard, self._heard = self._heard, []
        cut, self._interrupted = self._interrupted, False
        return await self._studio.shoot(heard, number, cut=cut, whole=whole)

    async def _wait_for_speech(self, stream: AudioOutputStream) -> bool:
        """Wait in mid-utterance; ``False`` when the listener is about to run out of sound.

        Offline nobody runs out: time stands still until the speech goes on.
        """
        output = self._sync.audio_output
        patience_s = None if output.offline else max(output.buffered - _LAST_MOMENT_S, 0.0)
        try:
            async with asyncio.timeout(patience_s):
                self._take(await stream.get())
        except (TimeoutError, StreamClosed):
            return False
        return True


def _duration_s(item: AudioOutputChunk | AudioOutputFlush) -> float:
    return item.data.duration if item.data is not None else 0.0


@dataclass(frozen=True, slots=True)
class _Shot:
    beat: Beat
    frame: av.VideoFrame


class _Studio:
    """Performer and renderer on their one worker thread, in the order of the calls."""

    def __init__(self, settings: LocalAvatarSettings) -> None:
        self._settings = settings
        self._worker: ThreadPoolExecutor | None = None
        self.ahead_s = 0.0
        """Seconds of speech held here."""

    async def open(self) -> None:
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="local-avatar")
        await self._run(self._prepare)

    def _prepare(self) -> None:
        fps = self._settings.fps
        self._performer = Performer(fps)
        self._renderer = FaceRenderer(self._settings.width, self._settings.height, fps)

    async def shoot(
        self, heard: list[AudioOutputChunk], number: int, *, cut: bool, whole: bool
    ) -> _Shot | None:
        """Make the next beat with what was ``heard`` by now; ``cut``: and nothing before it.

        ``None`` if ``whole`` and the speech to make a whole one has not come.
        """
        shot, self.ahead_s = await self._run(lambda: self._shoot(heard, number, cut, whole))
        return shot

    def _shoot(
        self, heard: list[AudioOutputChunk], number: int, cut: bool, whole: bool
    ) -> tuple[_Shot | None, float]:
        performer = self._performer
        if cut:
            performer.cut()
        for chunk in heard:
            performer.hear(chunk)
        if whole and not performer.ready:
            return None, performer.ahead_s
        beat = performer.beat(number)
        return _Shot(beat, self._renderer.render(number, beat.mouth)), performer.ahead_s

    async def close(self) -> None:
        """Wait for the work in flight, a few milliseconds, and end the thread."""
        worker = self._worker
        if worker is None:
            return
        await self._run(_nothing)  # behind whatever is still being done
        self._worker = None
        worker.shutdown()

    async def _run(self, work: Callable[[], _T]) -> _T:
        assert self._worker is not None
        return await asyncio.get_running_loop().run_in_executor(self._worker, work)


def _nothing() -> None:
    """Work that is done when all before it is."""
