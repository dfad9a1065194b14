"""``AudioOutputStream``: speech on its way, read in chunks or pulled in samples."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Protocol

from vision_agents.core.errors import (
    StreamClosed,
    StreamEmpty,
    StreamFull,
    StreamStalledError,
)
from vision_agents.core.media.chunks import AudioOutputChunk, AudioOutputFlush, Mark
from vision_agents.core.media.levels import LOUD, peak
from vision_agents.core.media.pcm import PcmData, PcmLike, as_pcm
from vision_agents.core.media.playback import Playback
from vision_agents.core.media.playout import FifoPlayout, Playout, Pulled
from vision_agents.core.media.signal import Signal

if TYPE_CHECKING:
    from vision_agents.core.sync.report import SyncReport

__all__ = ["AudioOutputChunk", "AudioOutputFlush", "AudioOutputStream", "AudioSink", "Mark"]

Item = AudioOutputChunk | AudioOutputFlush


class AudioSink(Protocol):
    """The queue of an edge that must push its sound ahead, such as LiveKit's ``AudioSource``."""

    def queued_s(self) -> float:
        """Seconds handed over and not yet heard."""
        ...

    def clear(self) -> None:
        """Throw them away; called within a flush, so it must not block."""
        ...


class AudioOutputStream:
    """Speech in the order it was sent, with ends of utterances and flushes.

    Two ways to read, for one reader each: chunks of exactly 20 ms at the sound's own rate
    (``get``, ``async for``), or samples at the reader's rate and pace (``pull``). Needs no running
    loop until something has to wait, belongs to one loop, and owns no task.

    ``send`` waits while ``max_buffered_s`` are queued; after ``send_timeout_s`` of that it raises
    ``StreamStalledError``, so a dead reader cannot hang a speaker.
    """

    def __init__(
        self,
        max_buffered_s: float = 30.0,
        send_timeout_s: float | None = None,
        *,
        playout: Playout | None = None,
    ) -> None:
        self._max_s = max_buffered_s
        self._send_timeout_s = send_timeout_s
        self._playout: Playout = playout if playout is not None else FifoPlayout()
        self._flush_mark = False
        self._closed = False
        self._writers: deque[tuple[asyncio.Future[bool], AudioOutputChunk]] = deque()
        self._arrived = Signal()
        self._sink: AudioSink | None = None
        self._offline_s: float | None = None
        self.offline_start_s = 0.0
        """Where the offline clock began; of no meaning before :meth:`use_offline_clock`."""
        self.followers: list[Playback] = []
        """Outputs that owe what is sent here."""
        self.playback = Playback(self)
        """What was heard of what was sent."""
        if playout is None:
            self.playback.follow(self)

    # ------------------------------------------------------------------------ sending
    async def send(self, chunk: AudioOutputChunk) -> None:
        """Queue a chunk, in the order of the calls; waits while the queue is full.

        A flush wakes the waiting senders and discards their chunks. Cancelled while waiting, the
        chunk is not sent.

        Raises:
            StreamClosed: closed, now or while waiting.
            StreamStalledError: nobody made room within ``send_timeout_s``.
        """
        chunk = self._accept(chunk)
        if not self._writers and self._has_room():
            self._push(chunk)
            return
        ticket: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        entry = (ticket, chunk)
        self._writers.append(entry)
        try:
            async with asyncio.timeout(self._send_timeout_s):
                await self._wait_for_room(ticket)
        except TimeoutError:
            raise StreamStalledError(self._send_timeout_s or 0.0, self.buffered) from None
        finally:
            if entry in self._writers:
                self._writers.remove(entry)

    async def _wait_for_room(self, ticket: asyncio.Future[bool]) -> None:
        """Wait for the ticket; looks by itself now and then, since where nobody pulls only the
        clock makes room."""
        while not ticket.done():
            await asyncio.wait((ticket,), timeout=0.25)
            self.advance()
        ticket.result()

    def send_nowait(self, chunk: AudioOutputChunk) -> None:
        """Queue a chunk or raise.

        Raises:
            StreamFull: no room, or others wait for it.
            StreamClosed: closed.
        """
        chunk = self._accept(chunk)
        if self._writers or not self._has_room():
            raise StreamFull(f"the stream holds {self.buffered:.1f} s of {self._max_s:g} s")
        self._push(chunk)

    def _accept(self, chunk: AudioOutputChunk) -> AudioOutputChunk:
        if self._closed:
            raise StreamClosed("the audio stream is closed")
        data: PcmLike | None = chunk.data
        if data is None or isinstance(data, PcmData):
            return chunk
        return AudioOutputChunk(
            as_pcm(data),
            chunk.final,
            getattr(chunk, "utterance_id", 0),
            getattr(chunk, "marks", ()),
        )

    def _has_room(self) -> bool:
        return self._playout.buffered_s < self._max_s

    def _push(self, chunk: AudioOutputChunk) -> None:
        now_s = self.now_s()
        self._run_on(now_s)
        self._playout.push(chunk, now_s)
        for follower in self.followers:
            follower.on_sent(chunk, exact=follower is self.playback)
        self._arrived.notify()

    def _admit_writers(self) -> None:
        while self._writers and self._has_room():
            ticket, chunk = self._writers.popleft()
            if not ticket.done():
                self._push(chunk)
                ticket.set_result(True)

    # -------------------------------------------------------------- reading in chunks
    async def get(self) -> Item:
        """The next chunk or flush; waits for one.

        Raises:
            StreamClosed: closed, and all that was queued has been read.
        """
        while True:
            try:
                return self.get_nowait()
            except StreamEmpty:
                await self._arrived.wait()

    def get_nowait(self) -> Item:
        """The next chunk or flush.

        Raises:
            StreamEmpty: nothing there now.
            StreamClosed: closed, and all that was queued has been read.
        """
        if self._flush_mark:
            self._flush_mark = False
            return AudioOutputFlush()
        now = self.now_s()
        got = self._playout.pop(now)
        if got is None:
            if self._closed:
                self.playback.on_closed()
                raise StreamClosed("the audio stream is closed and read to its end")
            raise StreamEmpty("no whole chunk in the stream")
        chunk, span = got
        level = peak(chunk.data.samples) if chunk.data is not None else 0
        self.playback.on_played((span,), level > LOUD, now)
        self._admit_writers()
        return chunk

    def __aiter__(self) -> AsyncIterator[Item]:
        return self._items()

    async def _items(self) -> AsyncIterator[Item]:
        while True:
            try:
                item = await self.get()
            except StreamClosed:
                return
            yield item

    async def collect(self, timeout: float | None = None) -> list[Item]:  # noqa: ASYNC109 - as users know it
        """All items until the stream closes or none came for ``timeout`` seconds."""
        out: list[Item] = []
        while True:
            try:
                async with asyncio.timeout(timeout):
                    out.append(await self.get())
            except (StreamClosed, TimeoutError):
                return out

    def peek(self) -> list[Item]:
        """What could be read now, without taking it."""
        marks: list[Item] = [AudioOutputFlush()] if self._flush_mark else []
        return [*marks, *self._playout.peek()]

    @property
    def flush_waits(self) -> bool:
        """Whether a flush is what is read next; costs nothing, unlike :meth:`peek`."""
        return self._flush_mark

    def size(self) -> int:
        """How many items could be read now."""
        return self._playout.size + self._flush_mark

    def empty(self) -> bool:
        return self.size() == 0

    def full(self) -> bool:
        return not self._has_room()

    @property
    def buffered(self) -> float:
        """Seconds of sound queued and not yet read, the uncut rest included."""
        return self._playout.buffered_s

    # ------------------------------------------------------------- reading in samples
    def pull(self, samples: int, rate_hz: int, now_s: float, channels: int = 1) -> PcmData:
        """Live: exactly ``samples`` (s16) for the listener, silence where there is nothing.

        ``now_s`` is the monotonic time at which the first of them leaves the caller; what an
        attached sink still holds is heard before.
        """
        depth = self._sink.queued_s() if self._sink is not None else 0.0
        return self._take(samples, rate_hz, channels, now_s + depth)

    async def pull_offline(
        self, samples: int, rate_hz: int, channels: int = 1, *, patience_s: float | None = None
    ) -> PcmData | None:
        """Exactly ``samples`` as soon as they are there; time is the samples pulled.

        Where nothing came for ``patience_s`` in real time, silence stands for what is missing.

        From the first call on, this stream and the engine it is bound to live on that time
        (:meth:`use_offline_clock`). None when the stream is closed and empty. Cancelled while
        waiting, nothing is lost.
        """
        self.use_offline_clock()
        while not self._playout.ready(samples, rate_hz):
            if self._closed:
                if not self.buffered:
                    return None
                break
            if not await self._arrived.wait(patience_s):
                self._give_up()
                break
        assert self._offline_s is not None
        out = self._take(samples, rate_hz, channels, self._offline_s)
        self._offline_s += samples / rate_hz
        return out

    def _give_up(self) -> None:
        """Nobody sends what is missing."""

    def _take(self, samples: int, rate_hz: int, channels: int, now_s: float) -> PcmData:
        self._flush_mark = False  # whoever pulls was cut by the flush itself
        pulled = self._playout.pull(samples, rate_hz, channels, now_s)
        self._tell(pulled)
        self._admit_writers()
        return PcmData(rate_hz, "s16", pulled.samples, channels=channels)

    def _tell(self, pulled: Pulled) -> None:
        if pulled.spans:
            self.playback.on_played(
                pulled.spans, pulled.loud, pulled.heard_at_s, heard=pulled.heard
            )
        if pulled.silence_s:
            self.playback.on_silence(pulled.silence_s, pulled.heard_at_s)
            if self._closed and not self.buffered:
                self.playback.on_closed()

    def use_offline_clock(self) -> None:
        """Time is the samples pulled by :meth:`pull_offline` from now on."""
        if self._offline_s is None:
            self._offline_s = self.offline_start_s = time.monotonic()

    @property
    def offline(self) -> bool:
        return self._offline_s is not None

    def now_s(self) -> float:
        """This stream's time: monotonic or, offline, the samples pulled."""
        return time.monotonic() if self._offline_s is None else self._offline_s

    def advance(self) -> None:
        """Let an engine that nobody pulls from run on to the present."""
        self._run_on(self.now_s())
        self._admit_writers()

    def _run_on(self, now_s: float) -> None:
        if self._offline_s is None:
            for pulled in self._playout.advance(now_s):
                self._tell(pulled)

    def attach_sink(self, sink: AudioSink | None) -> None:
        """Count ``sink``'s depth as not yet heard, and clear it at a flush; None detaches."""
        self._sink = sink

    def on_report(self, callback: Callable[[SyncReport], None]) -> Callable[[], None]:
        """Call back with a report about once a second of pulls where the stream is bound to a
        sync engine; returns what ends that. A plain stream never calls."""
        del callback
        return _nothing

    # ------------------------------------------------------------------ cutting, ending
    async def flush(self) -> None:
        """Barge-in: drop all that is queued, wake waiting senders and discard their chunks, leave
        one ``AudioOutputFlush`` for the reader. Done when it returns; never waits."""
        self.cut()

    def cut(self) -> None:
        """:meth:`flush`, without a coroutine."""
        for ticket, _chunk in self._writers:
            if not ticket.done():
                ticket.set_result(False)
        self._writers.clear()
        self.clear()
        unheard_s = 0.0
        if self._sink is not None:
            unheard_s = self._sink.queued_s()
            self._sink.clear()
        self._flush_mark = not self._closed
        self.playback.on_flushed(unheard_s)
        for follower in self.followers:
            if follower is not self.playback:
                follower.on_cut()
        self._arrived.notify()

    def clear(self) -> None:
        """Drop all that is queued, the uncut rest included."""
        self._playout.clear(self.now_s())
        self._flush_mark = False
        self._admit_writers()

    def close(self) -> None:
        """Refuse further sends; what is queued can still be read. Idempotent."""
        if self._closed:
            return
        self._closed = True
        for ticket, _chunk in self._writers:
            if not ticket.done():
                ticket.set_exception(StreamClosed("the audio stream was closed"))
        self._writers.clear()
        if not self.buffered:
            self.playback.on_closed()
        self._arrived.notify()

    def closed(self) -> bool:
        return self._closed


def _nothing() -> None:
    """What ends a subscription that never began."""
