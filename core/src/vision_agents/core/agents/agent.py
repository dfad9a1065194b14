"""The agent: composes an edge, a voice, a language model and an avatar; little logic."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Literal
from uuid import uuid4

from vision_agents.core.agents.lifetime import AgentState, Lifetime
from vision_agents.core.agents.lines import Lines, lines_of_answer, lines_of_sound, lines_of_text
from vision_agents.core.agents.listening import listen
from vision_agents.core.agents.parts import Background, Parts
from vision_agents.core.agents.reports import Reports
from vision_agents.core.agents.speech import Speech
from vision_agents.core.agents.stay import Stay, agree_on_failure
from vision_agents.core.agents.user import User
from vision_agents.core.conflicts import check_installation
from vision_agents.core.edge.call import Call
from vision_agents.core.errors import ConfigError
from vision_agents.core.events.avatar import AvatarErrorEvent  # noqa: TC001 - read at run time
from vision_agents.core.events.manager import EventManager
from vision_agents.core.metrics.collector import MetricsCollector
from vision_agents.core.plugin import Observers, Registry, SessionInfo

if TYPE_CHECKING:
    from vision_agents.core.avatars.avatar import Avatar
    from vision_agents.core.edge.edge import Edge
    from vision_agents.core.llm import LLM, Spoken
    from vision_agents.core.media.pcm import PcmLike
    from vision_agents.core.plugin.registry import Spec
    from vision_agents.core.stt import STT, Transcript
    from vision_agents.core.tts import TTS

__all__ = ["Agent", "AgentState"]

START_TIMEOUT_S = 30.0


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
        self.on_avatar_failure = agree_on_failure(self.avatar, on_avatar_failure)
        self.start_timeout_s = start_timeout_s
        self.session_id = uuid4().hex
        self.call: Call | None = None
        self.events = EventManager()
        self.metrics = MetricsCollector()
        self._parts = Parts(self.edge, self.tts, self.stt, self.llm, self.avatar)
        self._parts.merge_into(self.events, self.metrics)
        observers = Observers() if observers is None else observers
        self._reports = Reports(self.events, self.metrics, observers, self.edge, self._session())
        self._speech = Speech(read_by_avatar=self.avatar is not None)
        self._lifetime = Lifetime()
        self._background = Background(self._reports.failed)
        self._stay = Stay(
            self._parts, self._speech, self._reports, self._lifetime, self._background
        )
        self._closing: asyncio.Task[None] | None = None

    @property
    def state(self) -> AgentState:
        """Where the agent is in its call."""
        state = self._lifetime.state
        return AgentState.SPEAKING if state is AgentState.READY and self._speech.busy else state

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
        self._reports.failed(*await self._parts.tell_interrupted())

    async def finish(self) -> None:
        """Stay until the call is over: everybody left, the edge ended it, or ``close()``.

        Where nobody can come or go, as in a recording, it is over when all has been said.

        Raises:
            VisionAgentsError: the edge failed.
        """
        if self.edge is not None and not self.edge.attended:
            await self._speech.wait_idle()
        else:
            await self._lifetime.wait_over()
        self._reports.call_over()
        self._lifetime.raise_failure()

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

    def _session(self) -> SessionInfo:
        return SessionInfo(
            session_id=self.session_id,
            provider_name=self.avatar.provider_name if self.avatar else "",
            call_id=self.call.id if self.call else "",
            agent_user_id=self.agent_user.id,
        )

    async def _join(self, call: Call) -> Edge:
        self._lifetime.join()
        edge = self.edge
        if edge is None:
            raise ConfigError(
                'an agent needs an edge to join a call: Agent(edge="web") opens a page, '
                'Agent(edge=RecorderEdge("out.mp4")) writes a file'
            )
        self.call = call
        self._reports.session = self._session()
        self.events.subscribe(self._reports.forward)
        self.events.subscribe(self._avatar_failed)
        await self._stay.enter(
            edge,
            call,
            self.agent_user,
            timeout_s=self.start_timeout_s,
            on_failure=self.on_avatar_failure,
        )
        if (stt := self.stt) is not None:
            self._background.spawn("listening", lambda: self._listen(stt, edge))
        return edge

    @property
    def _voice(self) -> TTS:
        if self.tts is None:
            raise ConfigError(
                'the agent has no voice: Agent(tts="local"), after '
                "pip install 'vision-agents-local[tts]'"
            )
        return self.tts

    async def _speak(self, lines: Lines, interrupt: bool) -> Spoken:
        self._lifetime.require_call()
        if interrupt and self._speech.busy:
            await self.interrupt()
        self._lifetime.raise_failure()
        spoken = await self._speech.speak(lines)
        self._lifetime.raise_failure()
        return spoken

    async def _avatar_failed(self, event: AvatarErrorEvent) -> None:
        if event.fatal and self.on_avatar_failure == "raise":
            await self._stay.break_off(event.exc)

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

    async def _close(self) -> None:
        await self._stay.leave()
        await self.events.shutdown()
