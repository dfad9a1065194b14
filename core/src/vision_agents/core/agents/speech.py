"""One utterance after the other: from the voice to the avatar, and on to what was heard."""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vision_agents.core.agents.heard import Script
from vision_agents.core.avatars.synchronizer import AVSynchronizer
from vision_agents.core.errors import StreamClosed, StreamStalledError
from vision_agents.core.llm import Spoken
from vision_agents.core.media.audio_stream import AudioOutputChunk, AudioOutputStream

if TYPE_CHECKING:
    from vision_agents.core.agents.lines import Line, Lines

__all__ = ["Speech", "Utterance"]

logger = logging.getLogger(__name__)

# How long a sender waits for an avatar that takes nothing before it counts as dead.
SEND_TIMEOUT_S = 5.0
# Nothing of an utterance was heard for so long: nothing more will be. An avatar may reconnect in
# mid-utterance, and the stream's own watchdog ends an utterance much earlier; this bounds even a
# recording whose avatar gives nothing back, for there the stream's time stands still.
NO_PROGRESS_S = 30.0
# How long a voice may take to stop when it is cancelled.
STOP_TIMEOUT_S = 1.0

# Nobody takes the speech any more, so nothing of what was sent will be played either.
_UNREAD = (StreamStalledError, StreamClosed)


@dataclass(slots=True)
class Utterance:
    """What is said in one go, between two silences."""

    id: int
    script: Script = field(default_factory=Script)
    first_sent_s: float | None = None
    cut: bool = False
    producer: asyncio.Task[None] | None = None


class Speech:
    """Speaks utterances in the order they were asked for, and stops them.

    Speech goes into ``input``, which an avatar reads. ``output`` is what is published, and what
    was played of it decides when an utterance is over and how much of it was heard.
    """

    def __init__(self, *, read_by_avatar: bool) -> None:
        self.input = (
            AudioOutputStream(send_timeout_s=SEND_TIMEOUT_S)
            if read_by_avatar
            else _stream_to_publish()
        )
        self.output = self.input
        self._turn = asyncio.Lock()
        self._ids = itertools.count(1)
        self._cuts = 0
        self._utterances: dict[int, Utterance] = {}

    @property
    def busy(self) -> bool:
        """Whether something is being said or waits to be said."""
        return self._turn.locked()

    def utterance(self, utterance_id: int) -> Utterance | None:
        """One that is being said; None when it is over or was never begun."""
        return self._utterances.get(utterance_id)

    def come_back_as(self, output: AudioOutputStream) -> None:
        """Publish ``output``, in which the avatar gives back what it read of ``input``."""
        self.output = output
        output.playback.follow(self.input)

    def go_unread(self) -> None:
        """Publish the voice itself: no avatar reads.

        A half-started one may still hold the old ``input``: it never gets the new one.
        """
        self.input = self.output = _stream_to_publish()

    async def speak(self, lines: Lines) -> Spoken:
        """Say ``lines`` as one utterance; returns when it has been played, or was cut.

        Waits for the utterances asked for earlier. Cancelling it cuts the speech. ``lines`` is
        closed in any case.

        Raises:
            StreamStalledError: the avatar stopped reading.
            Exception: whatever ``lines`` raised, after the sound made before was played.
        """
        cuts = self._cuts
        async with aclosing(lines), self._turn:
            if cuts != self._cuts:  # a barge-in silences also what was still waiting
                return Spoken(text="", heard_text="", interrupted=True)
            utterance = Utterance(next(self._ids))
            self._utterances[utterance.id] = utterance
            try:
                return await self._play(utterance, lines)
            except asyncio.CancelledError:
                await self.cut()
                raise
            finally:
                await self._stop(utterance)
                del self._utterances[utterance.id]

    async def wait_idle(self) -> None:
        """Wait until all that was asked for so far has been said."""
        async with self._turn:
            return

    async def cut(self) -> float:
        """Stop all speech here, at once; returns the seconds it took.

        The first half of the barge-in order: the voice stops, what was made and not played is
        discarded, first before the avatar and then behind it.
        """
        began_s = time.monotonic()
        self._cuts += 1
        for utterance in self._utterances.values():
            utterance.cut = True
            if utterance.producer is not None:
                utterance.producer.cancel()
        await self.input.flush()
        if self.output is not self.input:
            await self.output.flush()
        return time.monotonic() - began_s

    async def _play(self, utterance: Utterance, lines: Lines) -> Spoken:
        producer = asyncio.create_task(
            self._produce(utterance, lines), name=f"utterance-{utterance.id}"
        )
        utterance.producer = producer
        await asyncio.wait({producer})
        failure = None if producer.cancelled() else producer.exception()
        if isinstance(failure, _UNREAD):
            await self.cut()
            raise failure
        spoken = await self._played(utterance)
        if failure is not None:
            raise failure
        return spoken

    async def _played(self, utterance: Utterance) -> Spoken:
        """Wait until the listener has heard what was sent, or it was cut."""
        script = utterance.script
        heard_s, interrupted = 0.0, utterance.cut
        if utterance.first_sent_s is not None:
            heard_s, interrupted = await self._finished(utterance.id)
        heard_text = script.heard(heard_s) if interrupted else script.text
        return Spoken(text=script.text, heard_text=heard_text, interrupted=interrupted)

    async def _finished(self, utterance_id: int) -> tuple[float, bool]:
        """Seconds heard of an utterance that is over, and whether it was interrupted."""
        playback = self.output.playback
        heard_s = -1.0
        while playback.heard_s(utterance_id) > heard_s:
            heard_s = playback.heard_s(utterance_id)
            try:
                finished = await playback.wait_finished(utterance_id, timeout_s=NO_PROGRESS_S)
            except TimeoutError:
                continue  # a slow machine may render an hour's speech in two
            return finished.heard_s, finished.interrupted
        logger.warning("utterance %d has come to a standstill", utterance_id)
        return heard_s, True

    async def _produce(self, utterance: Utterance, lines: Lines) -> None:
        try:
            async for line in lines:
                async with aclosing(line.sound):
                    await self._send(utterance, line)
        except _UNREAD:
            raise
        except Exception:
            await self._end(utterance)  # what was made before the failure is heard to its end
            raise
        await self._end(utterance)

    async def _send(self, utterance: Utterance, line: Line) -> None:
        utterance.script.begin(line.text)
        async for chunk in line.sound:
            if not chunk.data.duration:
                continue
            if utterance.first_sent_s is None:
                utterance.first_sent_s = time.monotonic()
            utterance.script.add(chunk.data.duration, chunk.marks)
            await self.input.send(
                AudioOutputChunk(data=chunk.data, marks=chunk.marks, utterance_id=utterance.id)
            )

    async def _end(self, utterance: Utterance) -> None:
        """Mark the end, without which an avatar waits for more."""
        if utterance.first_sent_s is not None:
            await self.input.send(AudioOutputChunk(final=True, utterance_id=utterance.id))

    async def _stop(self, utterance: Utterance) -> None:
        producer = utterance.producer
        if producer is not None and not producer.done():
            producer.cancel()
            await asyncio.wait({producer}, timeout=STOP_TIMEOUT_S)


def _stream_to_publish() -> AudioOutputStream:
    """A stream that plays on by itself while nobody listens, as an avatar's does."""
    stream = AVSynchronizer(width=2, height=2).audio_output
    stream.playback.follow(stream)
    return stream
