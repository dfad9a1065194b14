"""The shell around the director: what the avatar's parts are, their tasks, and what comes in.

One task runs :meth:`Supervisor.run`; everything else is its child. The agent's speech and barge-ins
come in here; :mod:`.succession` opens the sessions, :mod:`.floor` carries out what the director
decides about them, and :mod:`.outlet` is where sound and picture leave.
"""

from __future__ import annotations

import asyncio
import logging
import time
from functools import partial
from typing import TYPE_CHECKING

from vision_agents.core.avatars.provider.barge_in import BargeIn
from vision_agents.core.avatars.provider.director import Director
from vision_agents.core.avatars.provider.floor import Floor
from vision_agents.core.avatars.provider.link import Link
from vision_agents.core.avatars.provider.machine import State
from vision_agents.core.avatars.provider.outlet import Outlet
from vision_agents.core.avatars.provider.policy import INTERRUPT_TIMEOUT_S, MAX_UNSPOKEN_S, TICK_S
from vision_agents.core.avatars.provider.script import Script
from vision_agents.core.avatars.provider.succession import Succession
from vision_agents.core.avatars.provider.voice import PlainVoice
from vision_agents.core.media.audio_stream import AudioOutputFlush
from vision_agents.core.media.pcm import as_pcm

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from vision_agents.core.avatars.provider.reporting import Reporter
    from vision_agents.core.avatars.provider.sink import Connect
    from vision_agents.core.avatars.synchronizer import AVSynchronizer
    from vision_agents.core.errors import ProviderError
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
        self._speech = speech
        self._report = reporter
        self._script = Script()
        self._director = director = Director(self._script)
        outlet = Outlet(provider, director=director, speech=speech, engine=engine)
        self._voice = PlainVoice(director, outlet, engine)
        self._floor = Floor(
            director=director,
            voice=self._voice,
            outlet=outlet,
            engine=engine,
            reporter=reporter,
        )
        self._succession = Succession(
            provider=provider,
            capabilities=capabilities,
            director=director,
            floor=self._floor,
            reporter=reporter,
            new_link=partial(
                Link,
                provider=provider,
                connect=connect,
                capabilities=capabilities,
                director=director,
                outlet=outlet,
            ),
            spawn=self._spawn,
            start_timeout_s=start_timeout_s,
            voice_goes_on=voice_goes_on,
        )
        self.machine = self._floor.machine
        self.ready = self._succession.ready
        """Done when speech can be taken; with the error where it cannot."""
        self._barge_in = BargeIn()
        self._room = asyncio.Event()
        self._group: asyncio.TaskGroup

    @property
    def lost(self) -> ProviderError | None:
        """Why no further session is opened, once that is so."""
        return self._succession.lost

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
                self._succession.open()
                await self._succession.over.wait()
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
        self._room.set()
        self._succession.plan()
