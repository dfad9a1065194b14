"""The agent's side of LiveKit's avatar data-stream protocol, spoken by many providers.

One byte stream per utterance carries the speech, faster than real time. Remote calls say the rest:
we call ``lk.clear_buffer``, the worker calls ``lk.playback_started`` and ``lk.playback_finished``.
(livekit-agents ``voice/avatar/_datastream_io.py``, read 2026-08.)
"""

from __future__ import annotations

import json
import logging
import uuid
from typing import TYPE_CHECKING

from livekit import rtc
from vision_agents.core.avatars.provider import Finished, Started
from vision_agents.core.errors import ProviderError

from .segments import Segments

if TYPE_CHECKING:
    from collections.abc import Callable

    from vision_agents.core.media import PcmData

    from .room import RoomClient

logger = logging.getLogger(__name__)

AUDIO_TOPIC = "lk.audio_stream"
CLEAR_BUFFER = "lk.clear_buffer"
PLAYBACK_STARTED = "lk.playback_started"
PLAYBACK_FINISHED = "lk.playback_finished"

# The worker answers within a round trip. Longer than this, speech must not wait for it: the gate
# of the avatar's core keeps late media out whether the worker has answered or not.
CLEAR_TIMEOUT_S = 0.5


class AvatarSpeech:
    """Sends speech to the worker ``avatar`` and passes on what it says about playing it.

    ``register`` before the provider is told to come, so that nothing arrives unhandled. Calls of
    ``send``, ``end`` and ``interrupt`` must not overlap.
    """

    def __init__(
        self,
        room: RoomClient,
        avatar: str,
        *,
        provider: str,
        report: Callable[[Started | Finished], None],
    ) -> None:
        self._room = room
        self._avatar = avatar
        self._provider = provider
        self._report = report
        self._segments = Segments()
        self._writer: rtc.ByteStreamWriter | None = None
        self._utterance: int | None = None

    def register(self) -> None:
        """Take the worker's calls from now on."""
        self._room.serve(PLAYBACK_STARTED, self._on_started)
        self._room.serve(PLAYBACK_FINISHED, self._on_finished)

    @property
    def in_flight(self) -> bool:
        """Whether speech was sent that the worker has not reported finished."""
        return self._writer is not None or self._segments.outstanding > 0

    async def send(self, pcm: PcmData, *, utterance: int) -> None:
        """Append ``pcm`` (mono or interleaved stereo s16) to the stream of ``utterance``.

        Waits for the transport, which is the only back-pressure there is.

        Raises:
            DisconnectedError: the stream is cut.
            ProviderTimeoutError: the transport takes nothing.
        """
        if self._utterance != utterance:
            await self._close_writer()
        if self._writer is None:
            self._writer = await self._room.open_byte_stream(
                name=f"AUDIO_{uuid.uuid4().hex[:12]}",
                topic=AUDIO_TOPIC,
                to=self._avatar,
                attributes={
                    "sample_rate": str(pcm.sample_rate),
                    "num_channels": str(pcm.channels),
                },
            )
            self._utterance = utterance
        self._segments.sent(utterance)
        await self._room.bounded(self._writer.write(pcm.to_bytes()), "sending speech")

    async def end(self, *, utterance: int) -> None:
        """No more sound for ``utterance``: closing its stream is the end mark."""
        if self._utterance == utterance:
            await self._close_writer()

    async def interrupt(self) -> None:
        """Stop the worker: close the stream without a tail, then clear what it holds.

        Returns when the worker has answered, at the latest after ``CLEAR_TIMEOUT_S`` for each
        segment it may hold: a worker drops the segment it plays and may go on with the next one.
        """
        try:
            await self._close_writer()
        except ProviderError as error:
            logger.debug("closing the stream of an interrupted utterance: %s", error)
        for _ in range(max(1, self._segments.clear())):
            try:
                reply = await self._room.call(
                    self._avatar, CLEAR_BUFFER, "", timeout_s=CLEAR_TIMEOUT_S
                )
            except (rtc.RpcError, ProviderError) as error:
                logger.warning("%s did not answer %s: %s", self._avatar, CLEAR_BUFFER, error)
                return
            if reply != "ok":
                logger.warning("%s answered %s with %r", self._avatar, CLEAR_BUFFER, reply)

    async def close(self) -> None:
        """Close a stream that is open; never raises what a dead room would raise."""
        try:
            await self._close_writer()
        except ProviderError as error:
            logger.debug("closing the speech stream to %s: %s", self._avatar, error)

    async def _close_writer(self) -> None:
        # Forgotten first: closing a writer twice raises, and a failed close cannot be repeated.
        writer, self._writer, self._utterance = self._writer, None, None
        if writer is not None:
            await self._room.bounded(writer.aclose(), "closing a speech stream")

    async def _on_started(self, call: rtc.RpcInvocationData) -> str:
        if call.caller_identity != self._avatar:
            return "reject"
        utterance = self._segments.started()
        if utterance is not None:
            self._report(Started(utterance))
        return "ok"

    async def _on_finished(self, call: rtc.RpcInvocationData) -> str:
        if call.caller_identity != self._avatar:
            return "reject"
        position_s, interrupted = _parse_finished(call.payload)
        utterance = self._segments.finished()
        if utterance is not None:
            self._report(Finished(utterance, position_s, interrupted))
        return "ok"


def _parse_finished(payload: str) -> tuple[float | None, bool]:
    """Position in seconds (``None`` where the message makes no sense) and whether it was cut."""
    try:
        told = json.loads(payload)
        return float(told["playback_position"]), bool(told["interrupted"])
    except (ValueError, TypeError, KeyError):
        logger.warning("%s with a payload that makes no sense: %.80r", PLAYBACK_FINISHED, payload)
        return None, False
