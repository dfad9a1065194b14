"""One connection to one LiveKit room, made dependable.

What the SDK leaves open is closed here: every wait has an end, tracks are taken from the expected
participants only, queues are bounded, whatever happens is told as a value with its reason, and
``close`` leaves nothing behind.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from livekit import rtc
from livekit.rtc.participant import PublishDataError, PublishTrackError
from vision_agents.core.errors import DisconnectedError, ProviderTimeoutError, StateError

from .events import (
    DataReceived,
    Disconnected,
    MediaKind,
    ParticipantJoined,
    ParticipantLeft,
    Reconnected,
    Reconnecting,
    RoomEvent,
)
from .joining import Joining
from .noise import tidy_sdk_log
from .subscriptions import Subscriptions

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from typing import Any, TypeVar

    from .subscriptions import OnAudio, OnVideo

    T = TypeVar("T")

CONNECT_TIMEOUT_S = 10.0
CALL_TIMEOUT_S = 5.0


class RoomClient:
    """A participant of one room. Single use: connect once, close once (or more often, harmless).

    ``provider`` names in errors for whom this is done. ``on_event`` is called on the event loop,
    in order, and must only enqueue or set flags. All methods belong to the loop that called
    ``connect``.
    """

    def __init__(
        self, *, provider: str, on_event: Callable[[RoomEvent], None] | None = None
    ) -> None:
        tidy_sdk_log()
        self._provider = provider
        self._on_event = on_event
        self._room: rtc.Room | None = None
        self._joining: Joining | None = None
        self._changed = asyncio.Event()
        self._media = Subscriptions(tell=self._tell, on_live=self._changed.set)
        self._ended: str | None = None
        self._closing = False

    # -- connection --------------------------------------------------------------------------

    async def connect(self, url: str, token: str, *, timeout_s: float = CONNECT_TIMEOUT_S) -> None:
        """Join the room that ``token`` is for.

        Raises:
            AuthError: the server refuses the token.
            DisconnectedError: no connection; a later try may succeed.
            ProviderTimeoutError: no answer in time (phase "joining the LiveKit room").
            StateError: called twice.

        Cancelled or timed out, the attempt goes on in the native library until ``close`` ends it.
        """
        if self._room is not None:
            raise StateError("a RoomClient connects once; make a new one")
        room = self._room = rtc.Room()
        self._listen(room)
        self._joining = Joining(room, url, token, provider=self._provider, timeout_s=timeout_s)
        await self._joining.wait()
        for participant in room.remote_participants.values():
            self._joined(participant)

    async def close(self) -> None:
        """Leave the room and stop all that was started. Idempotent, from any state, bounded.

        Cancelled, it stops waiting; call it again to finish.
        """
        self._closing = True
        self._changed.set()
        self._media.refuse()
        joining = self._joining
        if joining is not None:
            await joining.settle()
        await self._media.close()
        room, self._room = self._room, None
        if room is None or joining is None:
            return
        self._ended = self._ended or "closed"
        await joining.leave()

    async def __aenter__(self) -> RoomClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    # -- who is there ------------------------------------------------------------------------

    @property
    def connected(self) -> bool:
        return self._room is not None and self._room.isconnected()

    @property
    def identity(self) -> str:
        """Our own, as the token says."""
        return self._joined_room().local_participant.identity

    @property
    def name(self) -> str:
        """The room's."""
        return self._joined_room().name

    async def sid(self) -> str | None:
        """The server's id of the room, or ``None`` when it does not tell within a second."""
        try:
            async with asyncio.timeout(1.0):
                return await self._joined_room().sid
        except (TimeoutError, RuntimeError):
            return None

    def participants(self) -> dict[str, bool]:
        """Identity of everybody else, and whether it is an agent."""
        if self._room is None:
            return {}
        return {
            identity: other.kind == rtc.ParticipantKind.PARTICIPANT_KIND_AGENT
            for identity, other in self._room.remote_participants.items()
        }

    async def wait_for_participant(self, identity: str | None, *, timeout_s: float) -> None:
        """Return when ``identity`` (or anybody, with ``None``) is in the room.

        Raises:
            ProviderTimeoutError: not within ``timeout_s``.
            DisconnectedError: we are out of the room.
        """

        def is_there() -> bool:
            there = self.participants()
            return bool(there) if identity is None else identity in there

        phase = f"{identity or 'somebody'} to join the LiveKit room"
        await self._until(is_there, phase, timeout_s)

    async def wait_for_track(self, identity: str, kind: MediaKind, *, timeout_s: float) -> None:
        """Return when a picture or sound of ``identity`` has arrived. Needs ``receive`` first.

        Raises: as ``wait_for_participant``.
        """
        await self._until(
            lambda: self._media.is_live(identity, kind), f"{kind} of {identity}", timeout_s
        )

    async def _until(self, reached: Callable[[], bool], phase: str, timeout_s: float) -> None:
        try:
            async with asyncio.timeout(timeout_s):
                while not reached():
                    if self._ended is not None or self._closing:
                        raise DisconnectedError(
                            f"left the LiveKit room ({self._ended or 'closing'}) while waiting "
                            f"for: {phase}",
                            provider=self._provider,
                        )
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise ProviderTimeoutError(
                phase, provider=self._provider, timeout_s=timeout_s
            ) from None

    # -- media in ----------------------------------------------------------------------------

    def receive(
        self,
        identity: str | None,
        *,
        on_video: OnVideo | None = None,
        on_audio: OnAudio | None = None,
    ) -> None:
        """Subscribe to the tracks of ``identity`` (``None``: of everybody), now and later.

        Nothing else is subscribed, so that a stranger in the room costs nothing. The callbacks get
        the identity and own what they get; they run on the event loop and must only enqueue.
        """
        self._media.want(identity, on_video, on_audio)
        if self._room is not None:
            for participant in self._room.remote_participants.values():
                self._media.take(participant)

    # -- data out and calls ------------------------------------------------------------------

    async def publish(
        self, track: rtc.LocalTrack, options: rtc.TrackPublishOptions
    ) -> rtc.LocalTrackPublication:
        """Publish ``track``; the caller keeps owning its source."""
        return await self._call(
            self._joined_room().local_participant.publish_track(track, options),
            "publishing a track",
        )

    async def send_data(self, payload: bytes, *, topic: str, to: str) -> None:
        """Send one reliable message to participant ``to``; dropped when it has not joined."""
        await self._call(
            self._joined_room().local_participant.publish_data(
                payload, topic=topic, destination_identities=[to]
            ),
            f"sending data on topic {topic}",
        )

    async def open_byte_stream(
        self, *, name: str, topic: str, to: str, attributes: dict[str, str]
    ) -> rtc.ByteStreamWriter:
        """Open a byte stream to participant ``to``; the caller closes it, once."""
        return await self._call(
            self._joined_room().local_participant.stream_bytes(
                name, topic=topic, destination_identities=[to], attributes=attributes
            ),
            f"opening a byte stream on topic {topic}",
        )

    async def call(self, to: str, method: str, payload: str, *, timeout_s: float) -> str:
        """Call a remote method of participant ``to``.

        Raises:
            rtc.RpcError: the other side refused or is gone.
            ProviderTimeoutError: no answer in time.
        """
        return await self._call(
            self._joined_room().local_participant.perform_rpc(
                destination_identity=to,
                method=method,
                payload=payload,
                response_timeout=timeout_s,
                max_round_trip_latency=timeout_s,
            ),
            f"an answer to {method}",
            timeout_s + 0.5,
        )

    def serve(
        self, method: str, handler: Callable[[rtc.RpcInvocationData], Awaitable[str]]
    ) -> None:
        """Answer remote calls of ``method`` with ``handler``."""
        self._joined_room().local_participant.register_rpc_method(method, handler)

    def on_byte_stream(
        self, topic: str, handler: Callable[[rtc.ByteStreamReader, str], None]
    ) -> None:
        """Hand every byte stream on ``topic`` to ``handler``, with the sender's identity."""
        self._joined_room().register_byte_stream_handler(topic, handler)

    async def bounded(self, sdk_call: Coroutine[Any, Any, T], what: str) -> T:
        """Await a call of the SDK with the usual limit; the SDK itself has none.

        Raises:
            ProviderTimeoutError: no answer in time; ``what`` is the phase.
        """
        return await self._call(sdk_call, what)

    async def _call(
        self, sdk_call: Coroutine[Any, Any, T], what: str, timeout_s: float = CALL_TIMEOUT_S
    ) -> T:
        try:
            async with asyncio.timeout(timeout_s):
                return await sdk_call
        except TimeoutError:
            raise ProviderTimeoutError(what, provider=self._provider, timeout_s=timeout_s) from None
        except (rtc.StreamError, PublishDataError, PublishTrackError) as error:
            raise DisconnectedError(f"{what} failed: {error}", provider=self._provider) from error

    def _joined_room(self) -> rtc.Room:
        if self._room is None or self._ended is not None:
            raise DisconnectedError(
                f"not in a LiveKit room ({self._ended or 'never joined or closed'})",
                provider=self._provider,
            )
        return self._room

    # -- what the SDK tells ------------------------------------------------------------------

    def _tell(self, event: RoomEvent) -> None:
        self._changed.set()
        if self._on_event is not None and not self._closing:
            self._on_event(event)

    def _listen(self, room: rtc.Room) -> None:
        self._media.listen(room)
        room.on("participant_connected", self._joined)
        room.on("participant_disconnected", self._left)
        room.on("data_received", self._on_data)
        room.on("reconnecting", self._on_reconnecting)
        room.on("reconnected", self._on_reconnected)
        room.on("disconnected", self._on_disconnected)

    def _joined(self, participant: rtc.RemoteParticipant) -> None:
        self._media.take(participant)
        is_agent = participant.kind == rtc.ParticipantKind.PARTICIPANT_KIND_AGENT
        self._tell(ParticipantJoined(participant.identity, is_agent))

    def _left(self, participant: rtc.RemoteParticipant) -> None:
        self._media.drop(participant)
        reason = participant.disconnect_reason
        self._tell(ParticipantLeft(participant.identity, _reason_name(reason)))

    def _on_data(self, packet: rtc.DataPacket) -> None:
        sender = packet.participant.identity if packet.participant else ""
        self._tell(DataReceived(sender, packet.topic or "", packet.data))

    def _on_reconnecting(self) -> None:
        self._tell(Reconnecting())

    def _on_reconnected(self) -> None:
        if self._room is not None:
            for participant in self._room.remote_participants.values():
                self._media.take(participant)
        self._tell(Reconnected())

    def _on_disconnected(self, reason: rtc.DisconnectReason.ValueType) -> None:
        self._ended = _reason_name(reason)
        self._tell(Disconnected(self._ended))


def _reason_name(reason: rtc.DisconnectReason.ValueType | None) -> str:
    if reason is None:
        return "unknown_reason"
    return rtc.DisconnectReason.Name(reason).lower()
