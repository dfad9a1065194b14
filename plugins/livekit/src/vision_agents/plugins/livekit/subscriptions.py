"""Which tracks of a room we take, and who reads them."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from livekit import rtc

from . import readers
from .events import MediaKind, TrackEnded, TrackStarted

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    import av

    from vision_agents.core.media import PcmData

    OnVideo = Callable[[str, av.VideoFrame], None]
    OnAudio = Callable[[str, PcmData], None]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Wanted:
    on_video: OnVideo | None
    on_audio: OnAudio | None


class Subscriptions:
    """The tracks of the participants that somebody wants, each read by a task.

    Nothing else is subscribed. ``tell`` hears when a track begins and ends, ``on_live`` when its
    first picture or sound has come.
    """

    def __init__(
        self, *, tell: Callable[[TrackStarted | TrackEnded], None], on_live: Callable[[], None]
    ) -> None:
        self._tell = tell
        self._on_live = on_live
        self._wanted: dict[str | None, _Wanted] = {}
        self._readers: dict[str, asyncio.Task[None]] = {}
        self._live: set[tuple[str, MediaKind]] = set()
        self._refusing = False

    def is_live(self, identity: str, kind: MediaKind) -> bool:
        """Whether media of ``identity`` comes."""
        return (identity, kind) in self._live

    def want(
        self, identity: str | None, on_video: OnVideo | None, on_audio: OnAudio | None
    ) -> None:
        """Take the tracks of ``identity``, or of everybody, from now on."""
        self._wanted[identity] = _Wanted(on_video, on_audio)

    def refuse(self) -> None:
        """Take nothing new."""
        self._refusing = True

    async def close(self) -> None:
        """Stop reading."""
        self.refuse()
        tasks = list(self._readers.values())
        self._readers.clear()
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    # -- what the SDK tells ------------------------------------------------------------------

    def listen(self, room: rtc.Room) -> None:
        """Follow the tracks of ``room``."""
        room.on("track_published", self._subscribe)
        room.on("track_subscribed", self._on_subscribed)
        room.on("track_unsubscribed", self._on_unsubscribed)
        room.on("track_unpublished", self._on_unpublished)

    def take(self, participant: rtc.RemoteParticipant) -> None:
        """Subscribe to what ``participant`` publishes and somebody wants."""
        for publication in participant.track_publications.values():
            self._subscribe(publication, participant)

    def drop(self, participant: rtc.RemoteParticipant) -> None:
        """Stop reading ``participant``, who has left."""
        for sid in participant.track_publications:
            self._stop_reader(sid)

    def _subscribe(
        self, publication: rtc.RemoteTrackPublication, participant: rtc.RemoteParticipant
    ) -> None:
        if not publication.subscribed and self._callback(participant.identity, publication.kind):
            publication.set_subscribed(True)

    def _callback(self, identity: str, kind: rtc.TrackKind.ValueType) -> Any:
        wanted = self._wanted.get(identity) or self._wanted.get(None)
        if wanted is None:
            return None
        return wanted.on_video if kind == rtc.TrackKind.KIND_VIDEO else wanted.on_audio

    def _on_subscribed(
        self,
        track: rtc.RemoteTrack,
        publication: rtc.RemoteTrackPublication,
        participant: rtc.RemoteParticipant,
    ) -> None:
        identity = participant.identity
        callback = self._callback(identity, publication.kind)
        if callback is None or self._refusing:
            return
        kind: MediaKind = "video" if publication.kind == rtc.TrackKind.KIND_VIDEO else "audio"
        deliver = partial(self._deliver, callback, identity, kind)
        if kind == "video":
            reading: Coroutine[Any, Any, None] = readers.read_video(track, deliver)
        else:
            reading = readers.read_audio(track, deliver)
        task = asyncio.create_task(reading, name=f"livekit-{kind}-{identity}")
        self._readers[publication.sid] = task
        task.add_done_callback(partial(self._reader_done, publication.sid, identity, kind))
        self._tell(TrackStarted(identity, kind))

    def _on_unsubscribed(
        self,
        track: rtc.RemoteTrack,
        publication: rtc.RemoteTrackPublication,
        participant: rtc.RemoteParticipant,
    ) -> None:
        del track, participant
        self._stop_reader(publication.sid)

    def _on_unpublished(
        self, publication: rtc.RemoteTrackPublication, participant: rtc.RemoteParticipant
    ) -> None:
        del participant
        self._stop_reader(publication.sid)

    # -- reading -----------------------------------------------------------------------------

    def _deliver(
        self, callback: Callable[[str, Any], None], identity: str, kind: MediaKind, item: Any
    ) -> None:
        if (identity, kind) not in self._live:
            self._live.add((identity, kind))
            self._on_live()
        callback(identity, item)

    def _reader_done(
        self, sid: str, identity: str, kind: MediaKind, task: asyncio.Task[None]
    ) -> None:
        self._readers.pop(sid, None)
        self._live.discard((identity, kind))
        error = None if task.cancelled() else task.exception()
        if error is not None:
            # The boundary where a fault of a callback is reported: there is no caller to raise to.
            logger.error("reading %s of %s failed", kind, identity, exc_info=error)
        reason = "no longer published" if error is None else f"{type(error).__name__}: {error}"
        self._tell(TrackEnded(identity, kind, reason))

    def _stop_reader(self, sid: str) -> None:
        task = self._readers.get(sid)
        if task is not None:
            task.cancel()
