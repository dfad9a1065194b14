"""The shell around the director: tasks, sessions, and the two streams of the avatar.

One task runs :meth:`Supervisor.run`; everything else is its child. It opens sessions, carries out
what the director decides, and tells what happened. Times are monotonic seconds.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from vision_agents.core.avatars.provider.backoff import Backoff
from vision_agents.core.avatars.provider.barge_in import BargeIn
from vision_agents.core.avatars.provider.director import Director
from vision_agents.core.avatars.provider.failures import final_error
from vision_agents.core.avatars.provider.floor import Floor
from vision_agents.core.avatars.provider.link import Link
from vision_agents.core.avatars.provider.machine import Machine, State
from vision_agents.core.avatars.provider.outlet import Outlet
from vision_agents.core.avatars.provider.policy import (
    DEGRADED_AFTER,
    INTERRUPT_TIMEOUT_S,
    MAX_SESSIONS,
    MAX_UNSPOKEN_S,
    SETTLED_AFTER_S,
    TICK_S,
)
from vision_agents.core.avatars.provider.renewal import Openings
from vision_agents.core.avatars.provider.script import Script
from vision_agents.core.avatars.provider.session import EndReason
from vision_agents.core.avatars.provider.voice import PlainVoice
from vision_agents.core.errors import DisconnectedError, ProviderError
from vision_agents.core.media.audio_stream import AudioOutputFlush
from vision_agents.core.media.pcm import as_pcm

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from vision_agents.core.avatars.provider.reporting import Reporter
    from vision_agents.core.avatars.provider.session import SessionEnd
    from vision_agents.core.avatars.provider.sink import Connect
    from vision_agents.core.avatars.synchronizer import AVSynchronizer
    from vision_agents.core.media.audio_stream import AudioOutputStream
    from vision_agents.core.plugin.records import Capabilities

logger = logging.getLogger(__name__)


class _Over(Exception):
    """Ends the task group from inside: the avatar is lost for good and nobody wants the voice."""


class Supervisor:
    """Keeps one provider speaking for the length of a call."""

    def __init__(
        self,
        *,
        provider: str,
        connect: Connect,
        capabilities: Capabilities,
        speech: AudioOutputStream,
        engine: AVSynchronizer,
        reporter: Reporter,
        start_timeout_s: float,
        voice_goes_on: bool,
    ) -> None:
        self._provider = provider
        self._connect = connect
        self._capabilities = capabilities
        self._speech = speech
        self._report = reporter
        self._start_timeout_s = start_timeout_s
        self._voice_goes_on = voice_goes_on
        now_s = time.monotonic()
        self.machine = Machine(now_s)
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when speech can be taken; with the error where it cannot."""
        self.lost: ProviderError | None = None
        """Why no further session is opened, once that is so."""
        self._began_at_s = now_s
        self._script = Script()
        self._director = Director(self._script)
        self._outlet = Outlet(provider, director=self._director, speech=speech, engine=engine)
        self._voice = PlainVoice(self._director, self._outlet, engine)
        self._floor = Floor(
            director=self._director,
            voice=self._voice,
            outlet=self._outlet,
            engine=engine,
            machine=self.machine,
            reporter=reporter,
        )
        self._backoff = Backoff()
        limit = capabilities.concurrency or MAX_SESSIONS
        self._max_sessions = min(limit, MAX_SESSIONS)
        self._slots = asyncio.Semaphore(self._max_sessions)
        self._opening: Link | None = None
        self._opened = 0
        self._openings = Openings()
        self._room = asyncio.Event()
        self._over = asyncio.Event()
        self._group: asyncio.TaskGroup
        self._barge_in = BargeIn()

    # ------------------------------------------------------------------------------ its life
    async def run(self) -> None:
        """Supervise until cancelled, or until the provider is lost and the voice is not wanted.

        On every way out all sessions are disconnected and every child task has ended.
        """
        try:
            async with asyncio.TaskGroup() as self._group:
                self._spawn(self._read(), "input")
                self._spawn(self._voice.speak(), "voice")
                self._spawn(self._tick(), "tick")
                self._open_session()
                await self._over.wait()
                raise _Over
        except* _Over:
            pass
        finally:
            why = "closed" if self.lost is None else str(self.lost)
            self._report.changed(self.machine.close(time.monotonic(), why))
            if not self.ready.done():
                self.ready.cancel()

    async def interrupt(self) -> None:
        """Barge-in: nothing that has arrived is spoken; returns when the service was told.

        The agent flushes its stream first, and the flush may have been read already: then this
        call belongs to it, and what arrived after the flush is new speech.
        """
        if self.machine.state is State.CLOSED:
            return
        if self._barge_in.interrupted(time.monotonic()):
            self._cut()
        try:
            async with asyncio.timeout(INTERRUPT_TIMEOUT_S):
                for link in tuple(self._floor.links.values()):
                    await link.told()
        except TimeoutError:
            logger.warning("%s: the service did not take an interrupt in time", self._provider)

    def user_speaking(self, speaking: bool) -> None:
        """Pass on that a person began or ceased to speak."""
        for mouth, link in self._floor.links.items():
            mouth.attend(speaking)
            link.wake()

    # --------------------------------------------------------------------------- its children
    def _spawn(self, coroutine: Coroutine[None, None, None], name: str) -> None:
        self._group.create_task(coroutine, name=f"{self._provider}-{name}")

    async def _read(self) -> None:
        """Move the agent's speech into the script, as fast as it is spoken."""
        async for item in self._speech:
            if isinstance(item, AudioOutputFlush):
                self._barge_in.flushed(time.monotonic())
                self._cut()
                self._script.flushed()
                continue
            if item.data is not None:
                pcm = as_pcm(item.data)
                self._script.add(pcm, utterance_id=item.utterance_id, now_s=time.monotonic())
            if item.final:
                self._script.complete(utterance_id=item.utterance_id)
            self._floor.wake()
            await asyncio.sleep(0)  # seconds of speech may come at once: what plays goes first
            while self._script.end_s - self._director.spoken_s > MAX_UNSPOKEN_S:
                self._room.clear()
                await self._room.wait()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            self._plan()

    def _cut(self) -> None:
        self._floor.cut()
        self._plan()

    def _plan(self) -> None:
        """Look at the present: who speaks, what was spoken, whether a successor is due."""
        self._room.set()
        self._floor.plan()
        self._renew_if_due(time.monotonic())

    # ------------------------------------------------------------------------------- sessions
    def _open_session(self, *, after_s: float = 0.0) -> None:
        self._opened += 1
        link = self._opening = Link(
            self._opened,
            provider=self._provider,
            connect=self._connect,
            capabilities=self._capabilities,
            director=self._director,
            outlet=self._outlet,
        )
        self._spawn(self._run_session(link, after_s), f"session-{link.number}")

    async def _run_session(self, link: Link, after_s: float) -> None:
        """One session from its delay to its disconnection; its own errors end here."""
        await asyncio.sleep(after_s)
        async with self._slots:
            reason = EndReason.CLOSED
            try:
                try:
                    await link.open(timeout_s=self._open_timeout_s())
                except ProviderError as error:
                    reason = EndReason.FAILED
                    self._refused(error)
                    return
                self._ready(link)
                end = await link.serve()
                reason = end.reason
                self._ended(link, end)
            finally:
                self._floor.forget(link)
                try:
                    await link.disconnect(reason)
                finally:
                    billed = self._capabilities.needs_account
                    self._report.disconnected(link, reason, billed=billed)

    def _open_timeout_s(self) -> float:
        if self.ready.done():
            return self._start_timeout_s
        return max(1.0, self._began_at_s + self._start_timeout_s - time.monotonic())

    def _ready(self, link: Link) -> None:
        self._opening = None
        self._openings.took(link.opening_s)
        self._report.connected(link)
        self._floor.enter(link, opening_s=self._openings.slowest_s)
        self._plan()
        if not self.ready.done():
            self.ready.set_result(None)

    def _ended(self, link: Link, end: SessionEnd) -> None:
        """A session is over: let the rest go on, and see to a successor."""
        now_s = time.monotonic()
        self._floor.leave(link, str(end))
        if now_s - link.opened_at_s >= SETTLED_AFTER_S:
            self._backoff.reset()
        if self.lost is None and not end.retryable:
            self._give_up(final_error(end, provider=self._provider))
        elif not self._floor.links and self._opening is None and self.lost is None:
            self._try_again(str(end), planned=end.reason is EndReason.RENEWED)
        self._plan()

    def _refused(self, error: ProviderError) -> None:
        """A session could not be opened."""
        self._opening = None
        self._report.failed(error, fatal=not error.retryable)
        if not error.retryable:
            self._give_up(error)
        else:
            self._try_again(str(error), error=error)

    def _try_again(
        self, reason: str, *, error: ProviderError | None = None, planned: bool = False
    ) -> None:
        now_s = time.monotonic()
        first = error is None and self._backoff.attempts == 0
        delay_s = self._backoff.failed(now_s)
        if first or planned:
            delay_s = 0.0
        failure = error or DisconnectedError(reason, provider=self._provider)
        if delay_s is None:
            self._give_up(failure)
            return
        starting = not self.ready.done()
        if starting and now_s + delay_s > self._began_at_s + self._start_timeout_s:
            self._start_failed(failure)
            if not self._voice_goes_on:
                return
        elif self._backoff.attempts > DEGRADED_AFTER and not self._floor.links:
            self._degrade(reason)
        self._report.reconnecting(self._backoff.attempts, delay_s, reason)
        self._open_session(after_s=delay_s)

    def _start_failed(self, error: ProviderError) -> None:
        if self._voice_goes_on:
            self._degrade(str(error))
            self.ready.set_result(None)
        else:
            self.lost = error
            self.ready.set_exception(error)
            self._over.set()

    def _give_up(self, error: ProviderError) -> None:
        """No further session is opened; what is still up goes on to its end."""
        self.lost = error
        if not self.ready.done():
            self._start_failed(error)
        elif not self._floor.links:
            self._lost_for_good()

    def _lost_for_good(self) -> None:
        assert self.lost is not None
        self._report.failed(self.lost, fatal=True)
        if self._voice_goes_on:
            self._degrade(str(self.lost))
        else:
            self._over.set()

    def _degrade(self, reason: str) -> None:
        self._floor.degrade(reason)
        self._plan()

    def _renew_if_due(self, now_s: float) -> None:
        link = self._floor.playing
        if link is None or now_s < link.renew_at_s or self._opening is not None:
            return
        if len(self._floor.links) > 1 or self.lost is not None:
            return
        if self._max_sessions > 1:
            self._open_session()
        elif not self._director.unspoken or now_s >= link.force_at_s:
            link.stop(EndReason.RENEWED)  # the account allows one session: break before make
