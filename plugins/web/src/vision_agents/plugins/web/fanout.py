"""One pull of a track, handed to any number of viewers.

The pump runs while somebody is subscribed. Each viewer has a short queue of its own from which
the oldest goes when it does not keep up: a viewer that is slow, paused or gone loses its own
frames and nobody else's, and what it gets next is live. aiortc's ``MediaRelay`` queues without
bound and never stops pulling, which would keep an engine without viewers from noticing.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError

if TYPE_CHECKING:
    from av.frame import Frame
    from av.packet import Packet


class ViewerTrack(MediaStreamTrack):
    """One viewer's copy of the source, live from the first ``recv()``; ``stop()`` ends it.

    Between offer and connection nothing is queued: what waited there would be that viewer's delay.
    """

    def __init__(self, fanout: Fanout, *, depth: int) -> None:
        super().__init__()
        self.kind = fanout.kind
        self.dropped = 0
        """Frames that this viewer's sender did not take in time."""
        self._fanout = fanout
        self._subscribed = False
        self._frames: deque[Frame | Packet[Any]] = deque(maxlen=depth)
        self._arrived = asyncio.Event()

    async def recv(self) -> Frame | Packet[Any]:
        """Wait for the next frame; safe to cancel.

        Raises:
            MediaStreamError: the track was stopped, or the source has ended.
        """
        if not self._subscribed and self.readyState == "live":
            self._subscribed = True
            self._fanout.subscribe(self)
        while not self._frames:
            if self.readyState != "live":
                raise MediaStreamError
            self._arrived.clear()
            await self._arrived.wait()
        return self._frames.popleft()

    def offer(self, frame: Frame | Packet[Any]) -> None:
        """Hand over a frame; the oldest waiting one makes room for it."""
        if len(self._frames) == self._frames.maxlen:
            self.dropped += 1
        self._frames.append(frame)
        self._arrived.set()

    def clear(self) -> None:
        """Drop what waits for this viewer."""
        self._frames.clear()

    def stop(self) -> None:
        """End this viewer's copy; the source and the other viewers go on."""
        super().stop()
        self._fanout.unsubscribe(self)
        self._frames.clear()
        self._arrived.set()


class Fanout:
    """Shares one source; the source belongs to the caller and is never stopped here."""

    def __init__(
        self, source: MediaStreamTrack, *, depth: int, failed: Callable[[Exception], None]
    ) -> None:
        """``depth`` is how many frames wait for one viewer at most.

        ``failed`` is told what the source raised, should it not just end.
        """
        self.kind = source.kind
        self.passed = 0
        """Frames pulled from the source so far."""
        self._source = source
        self._depth = depth
        self._failed = failed
        self._subscribed: set[ViewerTrack] = set()
        self._pump: asyncio.Task[None] | None = None
        self._ended = False

    def track(self) -> ViewerTrack:
        """Make a copy for one viewer."""
        return ViewerTrack(self, depth=self._depth)

    def subscribe(self, track: ViewerTrack) -> None:
        """Begin to feed a copy, with the next frame: live, not with the past."""
        if self._ended:
            track.stop()
            return
        self._subscribed.add(track)
        if self._pump is None or self._pump.done():
            self._pump = asyncio.create_task(self._run(), name=f"web-fanout-{self.kind}")

    def unsubscribe(self, track: ViewerTrack) -> None:
        """Feed a copy no longer; the pump ends after the last one."""
        self._subscribed.discard(track)

    async def close(self) -> None:
        """End all copies and stop pulling; idempotent."""
        self._end()
        if self._pump is not None:
            self._pump.cancel()
            await asyncio.wait([self._pump])

    async def _run(self) -> None:
        while self._subscribed:
            try:
                frame = await self._source.recv()
            except MediaStreamError:
                self._end()
                return
            except Exception as exc:
                # A boundary: the source is an avatar's, and may raise whatever it likes.
                self._end()
                self._failed(exc)
                return
            self.passed += 1
            for track in self._subscribed:
                track.offer(frame)

    def _end(self) -> None:
        self._ended = True
        for track in list(self._subscribed):
            track.stop()
