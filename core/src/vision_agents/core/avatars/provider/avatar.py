"""``ProviderAvatar``: an avatar that only says how to talk to its service."""

from __future__ import annotations

import asyncio
import logging
from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar, Literal, final

from vision_agents.core.avatars.avatar import Avatar
from vision_agents.core.avatars.provider.policy import DISCONNECT_TIMEOUT_S
from vision_agents.core.avatars.provider.reporting import Reporter
from vision_agents.core.avatars.provider.supervisor import Supervisor
from vision_agents.core.avatars.synchronizer import AVSynchronizer
from vision_agents.core.errors import StateError
from vision_agents.core.events.agent import UserTurnEndedEvent, UserTurnStartedEvent
from vision_agents.core.events.avatar import AvatarErrorEvent
from vision_agents.core.plugin.records import Capabilities

if TYPE_CHECKING:
    from vision_agents.core.avatars.provider.machine import State
    from vision_agents.core.avatars.provider.session import ProviderSession
    from vision_agents.core.avatars.provider.sink import MediaSink
    from vision_agents.core.avatars.tracks import QueuedVideoTrack
    from vision_agents.core.media.audio_stream import AudioOutputStream

logger = logging.getLogger(__name__)

__all__ = ["OnFailure", "ProviderAvatar"]

OnFailure = Literal["voice", "raise"]
_CLOSE_TIMEOUT_S = DISCONNECT_TIMEOUT_S + 2.0


class ProviderAvatar(Avatar):
    """An avatar played by a remote service. A provider implements :meth:`connect` only.

    A subclass sets ``provider_name`` and ``capabilities``; where a setting decides a capability,
    it sets ``self.capabilities`` before ``super().__init__``. ``on_avatar_failure`` says what
    happens when the service is lost for good: ``"voice"`` speaks on without the face, ``"raise"``
    raises from ``start()`` and, later, from :meth:`wait_lost`.
    """

    capabilities: ClassVar[Capabilities] = Capabilities()

    def __init__(
        self,
        *,
        width: int = 1280,
        height: int = 720,
        fps: int = 30,
        trim_ms: float = 0.0,
        on_avatar_failure: OnFailure = "voice",
        start_timeout_s: float = 30.0,
    ) -> None:
        super().__init__()
        self.on_avatar_failure: OnFailure = on_avatar_failure
        self.start_timeout_s = start_timeout_s
        self._sync = AVSynchronizer(
            width,
            height,
            fps,
            trim_ms=trim_ms,
            receive_skew_s=self.capabilities.receive_skew_s,
        )
        self._supervisor: Supervisor | None = None
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    @abstractmethod
    async def connect(self, media: MediaSink) -> ProviderSession:
        """Open one session and return it when it can take speech.

        Called again for a renewal or after a loss, also while another session is alive, and with
        a sink of its own. Cancelled when it takes too long or the avatar is closed: whatever was
        opened must be undone before the cancellation leaves.

        Raises:
            ProviderError: refused or failed; ``retryable`` says whether to try again.
        """

    @property
    def state(self) -> State | None:
        """What the avatar is doing; ``None`` before ``start()``."""
        return None if self._supervisor is None else self._supervisor.machine.state

    @final
    def video_output(self) -> QueuedVideoTrack:
        return self._sync.video_output

    @final
    def audio_output(self) -> AudioOutputStream:
        return self._sync.audio_output

    def attach_audio_input(self, stream: AudioOutputStream) -> None:
        super().attach_audio_input(stream)
        self.audio_output().playback.follow(stream, tagged=True)

    @final
    async def start(self) -> None:
        """Open the first session; returns when speech can be taken.

        Cancelled, the avatar is closed. With ``on_avatar_failure="voice"`` it returns without a
        session when the service refuses or ``start_timeout_s`` is over: the voice speaks, an
        event says why, and the face joins later where a retry can help.

        Raises:
            ProviderError: no session, and ``on_avatar_failure`` is ``"raise"``; a time-out names
                the phase it happened in.
            StateError: started twice, closed, or closed meanwhile.
            ValueError: no audio input is attached.
        """
        if self._closed or self._task is not None:
            raise StateError(
                f"{self.provider_name}: an avatar is started once; make a new one for each call"
            )
        supervisor = self._supervisor = Supervisor(
            provider=self.provider_name,
            connect=self.connect,
            capabilities=self.capabilities,
            speech=self.input_audio_stream,
            engine=self._sync,
            reporter=Reporter(self.provider_name, self.events, self.metrics),
            start_timeout_s=self.start_timeout_s,
            voice_goes_on=self.on_avatar_failure == "voice",
        )
        self.events.subscribe(self._on_user_turn)
        self._task = asyncio.create_task(self._run(supervisor), name=f"{self.provider_name}-avatar")
        try:
            await asyncio.wait({supervisor.ready, self._task}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            await self.close()
            raise
        if not supervisor.ready.done() or supervisor.ready.cancelled():
            raise StateError(f"{self.provider_name}: closed while it was starting")
        try:
            supervisor.ready.result()
        except BaseException:
            await self.close()
            raise

    async def _run(self, supervisor: Supervisor) -> None:
        try:
            await supervisor.run()
        except Exception as exc:  # a boundary: a fault of ours must not pass unseen
            logger.exception("%s: the supervisor failed", self.provider_name)
            self.events.send(
                AvatarErrorEvent(provider_name=self.provider_name, exc=exc, fatal=True)
            )
            if not supervisor.ready.done():
                supervisor.ready.set_exception(exc)
        finally:
            self.events.unsubscribe(self._on_user_turn)
            self._sync.close()

    @final
    async def close(self) -> None:
        """End all sessions and tasks; idempotent, from any state, at most seven seconds."""
        self._closed = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task}, timeout=_CLOSE_TIMEOUT_S)
        self._sync.close()

    @final
    async def interrupt(self) -> None:
        """Tell the service to stop; media of the interrupted utterance are dropped from here on.

        Returns when the service was told, after one second at the latest. Cancelled, the cut is
        made all the same. Nothing happens before ``start()`` and after ``close()``.
        """
        if self._supervisor is not None and not self._closed:
            await self._supervisor.interrupt()

    async def wait_lost(self) -> None:
        """Wait until the avatar is over.

        Raises:
            ProviderError: it was lost for good and ``on_avatar_failure`` is ``"raise"``.
        """
        if self._task is None or self._supervisor is None:
            raise StateError(f"{self.provider_name}: not started")
        await asyncio.wait({self._task})
        if self._supervisor.lost is not None and self.on_avatar_failure == "raise":
            raise self._supervisor.lost

    def _on_user_turn(self, event: UserTurnStartedEvent | UserTurnEndedEvent) -> None:
        if self._supervisor is not None:
            self._supervisor.user_speaking(isinstance(event, UserTurnStartedEvent))
