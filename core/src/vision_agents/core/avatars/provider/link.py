"""One session from its opening to its end: the calls and their time-outs."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from typing import TYPE_CHECKING

from vision_agents.core.avatars.provider.failures import as_end, as_error
from vision_agents.core.avatars.provider.mouth import Mouth
from vision_agents.core.avatars.provider.orders import (
    Attend,
    End,
    Interrupt,
    KeepAlive,
    Order,
    Send,
)
from vision_agents.core.avatars.provider.phases import Phases
from vision_agents.core.avatars.provider.policy import CALL_TIMEOUT_S, DISCONNECT_TIMEOUT_S
from vision_agents.core.avatars.provider.reception import Reception
from vision_agents.core.avatars.provider.renewal import renewal_lead
from vision_agents.core.avatars.provider.session import EndReason, Limits, SessionEnd
from vision_agents.core.avatars.provider.sink import MediaSink

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from vision_agents.core.avatars.provider.director import Director
    from vision_agents.core.avatars.provider.outlet import Outlet
    from vision_agents.core.avatars.provider.script import Script
    from vision_agents.core.avatars.provider.session import ProviderSession
    from vision_agents.core.errors import ProviderError
    from vision_agents.core.plugin.records import Capabilities

logger = logging.getLogger(__name__)


class Link:
    """One session. Made, run and ended by one task of the supervisor."""

    def __init__(
        self,
        number: int,
        *,
        provider: str,
        connect: Callable[[MediaSink], Awaitable[ProviderSession]],
        capabilities: Capabilities,
        director: Director,
        outlet: Outlet,
    ) -> None:
        self.number = number
        self.mouth: Mouth | None = None
        """There once the session is open."""
        self.phases = Phases()
        self.reception = Reception(director, outlet, on_open=self.wake)
        self.began_at_s = time.monotonic()
        self.opened_at_s = math.inf
        self.renew_at_s = math.inf
        self.replace_reason = EndReason.RENEWED
        """What it is told when its successor speaks."""
        self._provider = provider
        self._connect = connect
        self._capabilities = capabilities
        self._director = director
        self._session: ProviderSession | None = None
        self._sink = MediaSink(
            on_video=self.reception.picture,
            on_audio=self.reception.sound,
            on_report=self.reception.report,
            on_phase=self.phases.begin,
        )
        self._wake = asyncio.Event()
        self._told = asyncio.Event()
        self._stopped: asyncio.Future[SessionEnd] = asyncio.get_running_loop().create_future()

    # -------------------------------------------------------------------------------- its life
    @property
    def opening_s(self) -> float:
        """Seconds that its opening took."""
        return self.opened_at_s - self.began_at_s

    @property
    def lived_s(self) -> float:
        """Seconds since its opening began, which is when a service begins to bill at the latest."""
        return time.monotonic() - self.began_at_s

    async def open(self, *, timeout_s: float) -> None:
        """Connect and wait for the first picture; ``timeout_s`` is for all phases together.

        Raises:
            ProviderError: refused, failed or too slow; a time-out names the phase. The caller
                then calls :meth:`disconnect`.
        """
        self.began_at_s = time.monotonic()
        try:
            async with self.phases.timed(timeout_s):
                self._session = await self._connect(self._sink)
                self.phases.begin("first picture")
                await self.reception.pictured.wait()
        except Exception as exc:  # a boundary: whatever a provider raises becomes one of our kinds
            raise self._as_error(exc, timeout_s) from exc
        self.opened_at_s = time.monotonic()

    @property
    def force_at_s(self) -> float:
        """From then on it is replaced in mid-utterance too."""
        return math.inf if self.mouth is None else self.mouth.force_at_s

    def enter(self, script: Script, *, latency_s: float | None, opening_s: float) -> Mouth:
        """Make the session's mouth, with the latency measured on the one before.

        ``opening_s`` is how long its successor may take to open.
        """
        limits = self.limits
        now_s = time.monotonic()
        self.mouth = self.reception.mouth = Mouth(
            script,
            self._capabilities,
            limits,
            latency_s=latency_s,
            now_s=now_s,
        )
        self.mouth.seen_at_s = now_s
        cap_s = limits.max_session_s or self._capabilities.max_session_s
        if cap_s is not None:
            lead = renewal_lead(cap_s, opening_s=opening_s)
            self.renew_at_s = self.opened_at_s + cap_s - lead.open_s
            self.mouth.force_at_s = self.opened_at_s + cap_s - lead.force_s
        return self.mouth

    async def serve(self) -> SessionEnd:
        """Tell the session what it is to be told until it ends or :meth:`stop` is called."""
        assert self._session is not None
        name = f"{self._provider}-session-{self.number}"
        tasks = [
            asyncio.create_task(self._watch(self._session), name=f"{name}-watch"),
            asyncio.create_task(self._feed(self._session), name=f"{name}-feed"),
        ]
        try:
            await asyncio.wait({*tasks, self._stopped}, return_when=asyncio.FIRST_COMPLETED)
            ended = next(each for each in (self._stopped, *tasks) if each.done())
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        return ended.result()

    def stop(self, reason: EndReason, detail: str = "") -> None:
        """Make :meth:`serve` return. Idempotent."""
        if not self._stopped.done():
            self._stopped.set_result(SessionEnd(reason, detail))

    async def disconnect(self, reason: EndReason) -> None:
        """End the session at the service; bounded, never raises but for cancellation.

        A cancellation waits for it: half-ended sessions are billed.
        """
        self._sink.close()
        self.reception.drop_held()
        self._stopped.cancel()
        if self._session is None:
            return
        ending = asyncio.create_task(self._end(self._session, reason), name="disconnect")
        try:
            await asyncio.shield(ending)
        except asyncio.CancelledError:
            await asyncio.wait({ending})
            raise

    async def _end(self, session: ProviderSession, reason: EndReason) -> None:
        try:
            async with asyncio.timeout(DISCONNECT_TIMEOUT_S):
                await session.disconnect(reason)
        except TimeoutError:
            logger.warning(
                "%s: session %s did not end within %g s and was abandoned; it may be billed "
                "until the service notices",
                self._provider, self.session_id, DISCONNECT_TIMEOUT_S,
            )  # fmt: skip
        except Exception:  # best-effort cleanup: reported, and the rest of the cleanup goes on
            logger.warning(
                "%s: ending session %s failed", self._provider, self.session_id, exc_info=True
            )

    def _as_error(self, exc: Exception, timeout_s: float) -> ProviderError:
        return as_error(
            exc, provider=self._provider, waiting_for=self.phases.name, timeout_s=timeout_s
        )

    @property
    def has_session(self) -> bool:
        """Whether the service granted one."""
        return self._session is not None

    @property
    def limits(self) -> Limits:
        return Limits() if self._session is None else self._session.limits

    @property
    def session_id(self) -> str:
        return self.limits.session_id or str(self.number)

    # ------------------------------------------------------------------------------- its calls
    def wake(self) -> None:
        """There may be something new to tell the session."""
        self._wake.set()

    async def told(self) -> None:
        """Wait until the session knows of the last barge-in."""
        while self.mouth is not None and self.mouth.untold and not self._stopped.done():
            self._told.clear()
            await self._told.wait()

    async def _watch(self, session: ProviderSession) -> SessionEnd:
        try:
            return await session.wait_closed()
        except Exception as exc:  # a boundary: reported as the session's end
            return as_end(self._as_error(exc, CALL_TIMEOUT_S))

    async def _feed(self, session: ProviderSession) -> SessionEnd:
        assert self.mouth is not None
        mouth = self.mouth
        try:
            while True:
                self._wake.clear()
                now_s = time.monotonic()
                order = mouth.order(now_s, may_feed=self._director.may_feed(mouth))
                if isinstance(order, float):
                    await _until(self._wake, order - now_s)
                    continue
                async with asyncio.timeout(CALL_TIMEOUT_S):
                    await self._carry_out(session, mouth, order)
                mouth.done()
        except TimeoutError:
            return SessionEnd(
                EndReason.DISCONNECTED, f"a call took longer than {CALL_TIMEOUT_S:g} s"
            )
        except Exception as exc:  # a boundary: reported as the session's end
            return as_end(self._as_error(exc, CALL_TIMEOUT_S))

    async def _carry_out(self, session: ProviderSession, mouth: Mouth, order: Order) -> None:
        match order:
            case Send(pcm, utterance):
                await session.send(pcm, utterance=utterance)
            case End(utterance):
                await session.end(utterance=utterance)
            case Interrupt(utterance):
                await session.interrupt(utterance=utterance)
                mouth.told()
                self._told.set()
            case KeepAlive():
                await session.keep_alive()
            case Attend(speaking):
                await session.user_speaking(speaking)


async def _until(event: asyncio.Event, timeout_s: float) -> None:
    """Wait for the event, at most ``timeout_s``."""
    try:
        async with asyncio.timeout(None if timeout_s == math.inf else timeout_s):
            await event.wait()
    except TimeoutError:
        pass
