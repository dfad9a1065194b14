"""The succession of sessions: when one is opened, tried again, replaced, or given up."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from vision_agents.core.avatars.provider.backoff import Backoff
from vision_agents.core.avatars.provider.failures import final_error
from vision_agents.core.avatars.provider.policy import DEGRADED_AFTER, MAX_SESSIONS, SETTLED_AFTER_S
from vision_agents.core.avatars.provider.renewal import Openings
from vision_agents.core.avatars.provider.session import EndReason
from vision_agents.core.errors import DisconnectedError, ProviderError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from vision_agents.core.avatars.provider.director import Director
    from vision_agents.core.avatars.provider.floor import Floor
    from vision_agents.core.avatars.provider.link import Link
    from vision_agents.core.avatars.provider.reporting import Reporter
    from vision_agents.core.avatars.provider.session import SessionEnd
    from vision_agents.core.plugin.records import Capabilities


class Succession:
    """Sees to it that a session is up or on its way for as long as that can help.

    ``new_link`` makes the link of the n-th session; ``spawn`` starts a named task that ends with
    the call.
    """

    def __init__(
        self,
        *,
        provider: str,
        capabilities: Capabilities,
        director: Director,
        floor: Floor,
        reporter: Reporter,
        new_link: Callable[[int], Link],
        spawn: Callable[[Coroutine[None, None, None], str], None],
        start_timeout_s: float,
        voice_goes_on: bool,
    ) -> None:
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when speech can be taken; with the error where it cannot."""
        self.lost: ProviderError | None = None
        """Why no further session is opened, once that is so."""
        self.over = asyncio.Event()
        """Set when the provider is lost and the voice is not wanted."""
        self._provider = provider
        self._capabilities = capabilities
        self._director = director
        self._floor = floor
        self._report = reporter
        self._new_link = new_link
        self._spawn = spawn
        self._start_timeout_s = start_timeout_s
        self._voice_goes_on = voice_goes_on
        self._began_at_s = time.monotonic()
        self._max_sessions = min(capabilities.concurrency or MAX_SESSIONS, MAX_SESSIONS)
        self._slots = asyncio.Semaphore(self._max_sessions)
        self._opening: Link | None = None
        self._opened = 0
        self._openings = Openings()
        self._backoff = Backoff()

    def open(self, *, after_s: float = 0.0) -> None:
        """Open a session beside those that are there, if any."""
        self._opened += 1
        link = self._opening = self._new_link(self._opened)
        self._spawn(self._run(link, after_s), f"session-{link.number}")

    def plan(self) -> None:
        """Look at the present: who speaks, and whether a successor is due."""
        self._floor.plan()
        self._renew_if_due(time.monotonic())

    async def _run(self, link: Link, after_s: float) -> None:
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
        self.plan()
        if not self.ready.done():
            self.ready.set_result(None)

    def _ended(self, link: Link, end: SessionEnd) -> None:
        """A session is over: let the rest go on, and see to a successor."""
        now_s = time.monotonic()
        self._floor.leave(link, str(end))
        if now_s - link.opened_at_s >= SETTLED_AFTER_S:
            self._backoff.reset()
        if self.lost is not None:
            self._give_up(self.lost)
        elif not end.retryable:
            self._give_up(final_error(end, provider=self._provider))
        elif not self._floor.links and self._opening is None:
            self._try_again(str(end), planned=end.reason is EndReason.RENEWED)
        self.plan()

    def _refused(self, error: ProviderError) -> None:
        """A session could not be opened."""
        self._opening = None
        if not error.retryable:
            self._give_up(error)
            return
        self._report.failed(error, fatal=False)
        if self.lost is None:
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
        self.open(after_s=delay_s)

    def _start_failed(self, error: ProviderError) -> None:
        if self._voice_goes_on:
            self._degrade(str(error))
            self.ready.set_result(None)
        else:
            self.lost = error
            self.ready.set_exception(error)
            self.over.set()

    def _give_up(self, error: ProviderError) -> None:
        """No further session is opened; what is still up goes on to its end."""
        self.lost = error
        starting = not self.ready.done()
        over = starting or not self._floor.links
        self._report.failed(error, fatal=over)
        if starting:
            self._start_failed(error)
        elif over and self._voice_goes_on:
            self._degrade(str(error))
        elif over:
            self.over.set()

    def _degrade(self, reason: str) -> None:
        self._floor.degrade(reason)
        self.plan()

    def _renew_if_due(self, now_s: float) -> None:
        link = self._floor.playing
        if link is None or now_s < link.renew_at_s or self._opening is not None:
            return
        if len(self._floor.links) > 1 or self.lost is not None:
            return
        if self._max_sessions > 1:
            self.open()
        elif not self._director.unspoken or now_s >= link.force_at_s:
            link.stop(EndReason.RENEWED)  # the account allows one session: break before make
