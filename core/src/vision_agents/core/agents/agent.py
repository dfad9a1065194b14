"""The agent: composes an edge, a voice, a language model and an avatar; little logic."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterable, AsyncIterator
from contextlib import asynccontextmanager
from enum import Enum
from typing import TYPE_CHECKING, Literal
from uuid import uuid4

from vision_agents.core.agents.lines import Lines, lines_of_answer, lines_of_sound, lines_of_text
from vision_agents.core.agents.listening import listen
from vision_agents.core.agents.parts import (
    Background,
    Failures,
    Parts,
    start_in_time,
    start_together,
)
from vision_agents.core.agents.reports import Reports
from vision_agents.core.agents.speech import Speech
from vision_agents.core.agents.user import User
from vision_agents.core.conflicts import check_installation
from vision_agents.core.edge.call import Call
from vision_agents.core.errors import ConfigError, StateError, VisionAgentsError
from vision_agents.core.events.agent import (
    AgentErrorEvent,
    AgentFinishEvent,
    AgentJoinedCallEvent,
    AgentLeftCallEvent,
)
from vision_agents.core.events.avatar import AvatarErrorEvent  # noqa: TC001 - read at run time
from vision_agents.core.events.manager import EventManager
from vision_agents.core.metrics.collector import MetricsCollector
from vision_agents.core.plugin import Observers, Registry, SessionInfo

if TYPE_CHECKING:
    from aiortc import VideoStreamTrack

    from vision_agents.core.avatars.avatar import Avatar
    from vision_agents.core.edge.edge import Edge
    from vision_agents.core.llm import LLM, Spoken
    from vision_agents.core.media.pcm import PcmLike
    from vision_agents.core.plugin.registry import Spec
    from vision_agents.core.stt import STT, Transcript
    from vision_agents.core.tts import TTS

__all__ = ["Agent", "AgentState"]

logger = logging.getLogger(__name__)

START_TIMEOUT_S = 30.0
AVATAR_GRACE_S = 1.0


class AgentState(Enum):
    """Where an agent is in its one call."""

    NEW = "new"
    JOINING = "joining"
    READY = "ready"
    SPEAKING = "speaking"
    CLOSING = "closing"
    CLOSED = "closed"


class Agent:
    """Speaks in one call, with a face if it has an ``avatar``.

    ``edge``, ``tts`` and ``avatar`` are objects, the names of installed plugins (``"local"``), or
    a table of a name and settings (``{"name": "anam", "fps": 25}``). All parts are optional: what
    is missing is named when it is needed.

    With an avatar the agent publishes the avatar's picture and sound in place of the voice's own
    sound, and nothing of the avatar ever reaches ``stt`` or ``llm``. An avatar that cannot start
    within ``start_timeout_s``, or fails to, leaves the agent on voice only, with an event;
    ``on_avatar_failure="raise"`` makes ``join`` raise instead, and ``say`` and ``finish`` when
    the avatar is lost for good in the middle of the call. Without a word of the agent's, an
    avatar's own setting of that name counts.

    An agent is for one call and owns its parts: ``close`` closes them.

    Raises:
        ConfigError: a part or a setting that cannot be used.
        ConflictError: the peer's wheel overwrites ours; says what to uninstall.
        PluginError: a name that no installed package can serve; says what to install.
    """

    def __init__(
        self,
        *,
        edge: Edge | Spec | None = None,
        agent_user: User | None = None,
        llm: LLM | None = None,
        tts: TTS | Spec | None = None,
        stt: STT | None = None,
        avatar: Avatar | Spec | None = None,
        on_avatar_failure: Literal["voice", "raise"] | None = None,
        start_timeout_s: float = START_TIMEOUT_S,
        registry: Registry | None = None,
        observers: Observers | None = None,
    ) -> None:
        check_installation()
        registry = registry or Registry()
        self.edge = None if edge is None else registry.create_edge(edge)
        self.tts = None if tts is None else registry.create_voice(tts)
        self.avatar = None if avatar is None else registry.create_avatar(avatar)
        self.llm = llm
        self.stt = stt
        self.agent_user = agent_user or User()
        if on_avatar_failure not in ("voice", "raise", None):
            raise ConfigError(f"on_avatar_failure is 'voice' or 'raise', not {on_avatar_failure!r}")
        self.on_avatar_failure = on_avatar_failure or "voice"
        self.start_timeout_s = start_timeout_s
        self.session_id = uuid4().hex
        self.call: Call | None = None
        self.events = EventManager()
        self.metrics = MetricsCollector()
        self._observers = Observers() if observers is None else observers
        self._speech = Speech(read_by_avatar=self.avatar is not None)
        self._video: VideoStreamTrack | None = None
        self._state = AgentState.NEW
        self._parts = Parts(self.edge, self.tts, self.stt, self.llm, self.avatar)
        self._background = Background(self._report)
        self._closing: asyncio.Task[None] | None = None
        self._ended = asyncio.Event()
        self._failure: BaseException | None = None
        self._attach_parts(on_avatar_failure)

    @property
    def state(self) -> AgentState:
        """Where the agent is in its call."""
        if self._state is AgentState.READY and self._speech.busy:
            return AgentState.SPEAKING
        return self._state

    async def create_call(self, call_type: str = "default", call_id: str | None = None) -> Call:
        """A call to join; with an id, the one that others know by it."""
        return Call(type=call_type) if call_id is None else Call(id=call_id, type=call_type)

    @asynccontextmanager
    async def join(
        self, call: Call | None = None, *, participant_wait_timeout_s: float = 0.0
    ) -> AsyncIterator[Agent]:
        """Enter ``call`` and publish; leaving the block closes the agent.

        With ``participant_wait_timeout_s`` the block is entered when somebody is there, at the
        latest after that time. Nothing needs it: speech to an empty room takes its usual time.

        Raises:
            ConfigError: the agent has no edge.
            ProviderTimeoutError: a part did not start in time; names which.
            StateError: the agent has joined a call before.
        """
        try:
            edge = await self._join(call or Call())
            if participant_wait_timeout_s > 0:
                await edge.wait_for_participant(participant_wait_timeout_s)
            yield self
        finally:
            await self.close()

    async def say(self, text: str, *, interrupt: bool = False) -> Spoken:
        """Speak ``text``; returns when it has been played, also when nobody listens, or was cut.

        Texts are spoken in the order asked for; with ``interrupt`` what is being said is cut
        first. The voice gets sentence by sentence, so speech begins at once however long the
        text. Cancelling it cuts the speech.

        Raises:
            ConfigError: the agent has no voice.
            StateError: the agent is not in a call.
            StreamStalledError: the avatar stopped reading.
            VisionAgentsError: the voice or the edge failed.
        """
        return await self._speak(lines_of_text(text, self._voice, self.metrics), interrupt)

    async def play(self, audio: AsyncIterable[PcmLike], *, interrupt: bool = False) -> Spoken:
        """Speak sound that is there already, such as a recording; otherwise like ``say``."""
        return await self._speak(lines_of_sound(audio), interrupt)

    async def simple_response(
        self, text: str, *, participant_id: str | None = None, interrupt: bool = False
    ) -> Spoken:
        """Ask the language model and speak its answer while it is being written.

        The model is told what was heard of its answer. Otherwise like ``say``.

        Raises:
            ConfigError: the agent has no language model, or no voice.
        """
        if self.llm is None:
            raise ConfigError("simple_response needs a language model: Agent(llm=...)")
        answer = self.llm.respond(text, participant_id=participant_id)
        lines = lines_of_answer(answer, self._voice, self.metrics)
        spoken = await self._speak(lines, interrupt)
        self.llm.spoken(spoken)
        return spoken

    async def interrupt(self) -> None:
        """Silence, now: a barge-in. Harmless when nothing is being said.

        In this order: the voice stops and speech not yet taken is discarded; what waits behind
        the avatar is cut, so that not more than the 20 ms under way are still heard; avatar and
        voice are told, within a bounded time. What was heard is reported by ``say`` and by
        ``AgentTurnEndedEvent``.
        """
        playback = self._speech.output.playback
        current = playback.current
        latency_s = await self._speech.cut()
        self._reports.interrupted(
            current, 0.0 if current is None else playback.heard_s(current), latency_s
        )
        self._report_all(await self._parts.tell_interrupted())

    async def finish(self) -> None:
        """Stay until the call is over: everybody left, the edge ended it, or ``close()``.

        Where nobody can come or go, as in a recording, it is over when all has been said.

        Raises:
            VisionAgentsError: the edge failed.
        """
        if self.edge is not None and not self.edge.attended:
            await self._speech.wait_idle()
        else:
            await self._ended.wait()
        self.events.send(AgentFinishEvent(session_id=self.session_id))
        self._raise_failure()

    async def close(self) -> None:
        """Leave the call and close every part; idempotent, bounded, from any state.

        What a part raises is reported as an event. When cancelled it finishes first.
        """
        if self._closing is None:
            self._closing = asyncio.create_task(self._close(), name="agent-close")
        cancelled: asyncio.CancelledError | None = None
        while not self._closing.done():
            try:
                await asyncio.shield(self._closing)
            except asyncio.CancelledError as exc:
                cancelled = exc  # a provider's session costs money until it is closed
        if cancelled is not None:
            raise cancelled

    # -- joining ------------------------------------------------------------------------------

    def _attach_parts(self, on_avatar_failure: Literal["voice", "raise"] | None) -> None:
        self._parts.merge_into(self.events, self.metrics)
        self._reports = Reports(
            self.events, self.metrics, self._observers, self.edge, self._session()
        )
        if self.avatar is not None:
            self._video = self.avatar.video_output()
            self.avatar.attach_audio_input(self._speech.input)
            # A provider decides about itself in mid-call; both are to decide alike.
            if on_avatar_failure is None:
                self.on_avatar_failure = getattr(self.avatar, "on_avatar_failure", "voice")
            elif hasattr(self.avatar, "on_avatar_failure"):
                self.avatar.on_avatar_failure = on_avatar_failure

    def _session(self) -> SessionInfo:
        return SessionInfo(
            session_id=self.session_id,
            provider_name=self.avatar.provider_name if self.avatar else "",
            call_id=self.call.id if self.call else "",
            agent_user_id=self.agent_user.id,
        )

    async def _join(self, call: Call) -> Edge:
        if self._state is not AgentState.NEW:
            raise StateError(
                f"this agent is {self._state.value}: an agent is for one call, make another one"
            )
        edge = self.edge
        if edge is None:
            raise ConfigError(
                'an agent needs an edge to join a call: Agent(edge="web") opens a page, '
                'Agent(edge=RecorderEdge("out.mp4")) writes a file'
            )
        self._state = AgentState.JOINING
        self.call = call
        self._reports.session = self._session()
        self.events.subscribe(self._reports.forward)
        self.events.subscribe(self._avatar_failed)
        await start_together(
            start_in_time("edge", lambda: edge.join(call, self.agent_user), self.start_timeout_s),
            *self._parts.starts(self.start_timeout_s),
            self._start_avatar(),
        )
        self._reports.follow(self._speech)
        await edge.publish(audio=self._speech.output, video=self._video)
        self._state = AgentState.READY
        self._background.spawn("edge", lambda: self._watch(edge))
        if (stt := self.stt) is not None:
            self._background.spawn("listening", lambda: self._listen(stt, edge))
        self.events.send(AgentJoinedCallEvent(session_id=self.session_id, call_id=call.id))
        logger.info("agent %s joined call %s", self.session_id, call.id)
        return edge

    async def _start_avatar(self) -> None:
        avatar = self.avatar
        if avatar is None:
            return
        began_s = time.monotonic()
        try:
            name = avatar.provider_name or "avatar"
            # Its own time-out comes first where it has one: that names what it waited for.
            await start_in_time(name, avatar.start, self.start_timeout_s + AVATAR_GRACE_S)
        except Exception as exc:  # a reporting boundary: whatever fails, the voice goes on
            if self.on_avatar_failure == "raise":
                raise
            await self._give_up_avatar(exc)
        else:
            self._reports.avatar_started(time.monotonic() - began_s)
            self._speech.output = avatar.audio_output()
            self._speech.output.playback.follow(self._speech.input)

    async def _give_up_avatar(self, exc: Exception) -> None:
        """Go on with the voice alone; nothing has been published yet."""
        self._reports.avatar_lost(exc)
        # A half-started avatar may still hold the old input stream: it never gets the new one.
        self._speech = Speech(read_by_avatar=False)
        self._report_all(await self._parts.close_avatar())
        if self._video is not None and self._video.readyState != "live":
            self._video = None

    # -- while in the call --------------------------------------------------------------------

    @property
    def _voice(self) -> TTS:
        if self.tts is None:
            raise ConfigError(
                'the agent has no voice: Agent(tts="local"), after '
                "pip install 'vision-agents-local[tts]'"
            )
        return self.tts

    async def _speak(self, lines: Lines, interrupt: bool) -> Spoken:
        if self._state is not AgentState.READY:
            raise StateError(
                f"the agent is {self._state.value}: it can speak only in a call, that is inside "
                "'async with agent.join(call):'"
            )
        if interrupt and self._speech.busy:
            await self.interrupt()
        self._raise_failure()
        spoken = await self._speech.speak(lines)
        self._raise_failure()
        return spoken

    async def _watch(self, edge: Edge) -> None:
        """Learn that the call is over, whichever way."""
        try:
            await edge.wait_ended()
        except Exception as exc:  # a reporting boundary: say() and finish() raise it
            self._report("edge", exc)
            await self._fail(exc)
        self._ended.set()

    async def _avatar_failed(self, event: AvatarErrorEvent) -> None:
        if event.fatal and self.on_avatar_failure == "raise":
            await self._fail(event.exc)

    async def _fail(self, exc: BaseException) -> None:
        """The call cannot go on: whoever waits for speech or for its end is told why."""
        self._failure = exc
        self._ended.set()
        await self._speech.cut()

    async def _listen(self, stt: STT, edge: Edge) -> None:
        await listen(
            stt,
            edge.incoming_audio(),
            events=self.events,
            session_id=self.session_id,
            on_speech=self._barge_in,
            on_turn=self._answer,
        )

    async def _barge_in(self) -> None:
        if self._speech.busy:
            await self.interrupt()

    def _answer(self, said: Transcript) -> None:
        if self.llm is not None and said.text.strip():
            self._background.spawn(
                "answering",
                lambda: self.simple_response(
                    said.text, participant_id=said.participant_id, interrupt=True
                ),
            )

    def _report(self, where: str, exc: BaseException) -> None:
        logger.error("%s failed: %s", where, exc, exc_info=exc)
        self.events.send(AgentErrorEvent(session_id=self.session_id, where=where, exc=exc))

    def _report_all(self, failures: Failures) -> None:
        for where, exc in failures:
            self._report(where, exc)

    def _raise_failure(self) -> None:
        if isinstance(self._failure, VisionAgentsError):
            raise self._failure
        if self._failure is not None:
            raise VisionAgentsError(f"the call has ended: {self._failure}") from self._failure

    # -- leaving ------------------------------------------------------------------------------

    async def _close(self) -> None:
        joined = self._state is AgentState.READY
        self._state = AgentState.CLOSING
        self._ended.set()
        if self._speech.busy:
            await self._speech.cut()
        await self._background.end()
        # First nobody reads picture and sound any more, then their sources end.
        self._report_all(await self._parts.close_edge())
        self._speech.input.close()
        self._report_all(await self._parts.close_sources())
        if self._video is not None:
            self._video.stop()
        self._state = AgentState.CLOSED
        if joined and self.call is not None:
            self.events.send(AgentLeftCallEvent(session_id=self.session_id, call_id=self.call.id))
            logger.info("agent %s left call %s", self.session_id, self.call.id)
        await self.events.shutdown()
