"""A service that refuses, hangs, breaks or falls silent."""

from __future__ import annotations

import asyncio
import time

from vision_agents.core.avatars.provider import ProviderAvatar
from vision_agents.core.errors import (
    AuthError,
    BusyError,
    ProviderError,
    ProviderTimeoutError,
    QuotaError,
)
from vision_agents.core.events.avatar import (
    AvatarDegradedEvent,
    AvatarDisconnectedEvent,
    AvatarErrorEvent,
    AvatarReconnectingEvent,
)
from vision_agents.core.testing.conformance.base import logged
from vision_agents.core.testing.conformance.bench import Bench, Fault
from vision_agents.core.testing.conformance.call import NotedCall, Said
from vision_agents.core.testing.conformance.check import check
from vision_agents.core.testing.conformance.sessions import SessionChecks, _Sink
from vision_agents.core.testing.conformance.speech import unheard

__all__ = ["FailureChecks"]

HANG_TIMEOUT_S = 1.0
LOST_EVENTS = (
    AvatarDisconnectedEvent,
    AvatarReconnectingEvent,
    AvatarDegradedEvent,
    AvatarErrorEvent,
)
NOTICE_S = 2.0
SECRET_LENGTH = 8


class FailureChecks(SessionChecks):
    """Every failure has a name, an end, and no secret in its text."""

    @check("a wrong key is an AuthError, and no retry", faults=(Fault.AUTH,), company=True)
    async def test_auth_error(self, bench: Bench) -> str:
        return await self._refused(bench, Fault.AUTH, AuthError, retryable=False)

    @check("used-up credits are a QuotaError, and no retry", faults=(Fault.QUOTA,), company=True)
    async def test_quota_error(self, bench: Bench) -> str:
        return await self._refused(bench, Fault.QUOTA, QuotaError, retryable=False)

    @check("too many sessions are a BusyError, worth a retry", faults=(Fault.BUSY,), company=True)
    async def test_busy_error(self, bench: Bench) -> str:
        return await self._refused(bench, Fault.BUSY, BusyError, retryable=True)

    @check(
        "a start that hangs ends in time and says in which phase",
        faults=(Fault.HANG,),
        company=True,
    )
    async def test_start_hangs(self, bench: Bench) -> str:
        bench.faults[Fault.HANG]()
        avatar = self._attached(bench)
        if isinstance(avatar, ProviderAvatar):
            avatar.start_timeout_s = HANG_TIMEOUT_S
        began_s = time.monotonic()
        try:
            await self._start(avatar)
        except ProviderTimeoutError as exc:
            phase, text = exc.phase, str(exc)
        except Exception as exc:  # any other: the kit's to report
            raise AssertionError(
                f"a start that hangs raised {type(exc).__name__}: {exc}; "
                "it must be ProviderTimeoutError"
            ) from exc
        else:
            raise AssertionError("start() returned although no session became ready")
        assert phase, "the time-out does not say in which phase"
        took_s = time.monotonic() - began_s
        await self.close(avatar)
        await self._sessions_closed(bench)
        return f"after {took_s:.1f} s: {text}"

    @check(
        "what is said during a slow start is heard whole",
        faults=(Fault.SLOW,),
        company=True,
        long=True,
    )
    async def test_slow_start(self, bench: Bench) -> str:
        bench.faults[Fault.SLOW]()
        call = NotedCall(self.make(bench), bench)
        began_s = time.monotonic()
        entering = asyncio.create_task(call.__aenter__(), name="conformance starts slowly")
        await asyncio.sleep(0.1)
        said = await call.send(1.5)
        await entering
        took_s = time.monotonic() - began_s
        try:
            await call.over(said)
            await asyncio.sleep(0.3)
            assert not unheard(said, call.markers_heard()), "words said during the start are lost"
        finally:
            await call.__aexit__(None, None, None)
        return f"started in {took_s:.1f} s"

    @check(
        "the connection breaks in mid-speech: told at once, nothing lost",
        faults=(Fault.DROP,),
        company=True,
        long=True,
    )
    async def test_drop(self, bench: Bench) -> str:
        return await self._lost(bench, Fault.DROP, NOTICE_S)

    @check(
        "the service falls silent in mid-speech: noticed in time",
        faults=(Fault.STALL,),
        company=True,
        long=True,
    )
    async def test_stall(self, bench: Bench) -> str:
        avatar = bench.make()
        limit_s = NOTICE_S
        if isinstance(avatar, ProviderAvatar):
            limit_s += avatar.capabilities.stall_timeout_s
        return await self._lost(bench, Fault.STALL, limit_s)

    @check(
        "close() is bounded with a service that does not answer",
        faults=(Fault.HANG_DISCONNECT,),
        company=True,
        long=True,
    )
    async def test_close_hangs(self, bench: Bench) -> str:
        avatar = self._attached(bench)
        await self._start(avatar)
        bench.faults[Fault.HANG_DISCONNECT]()
        began_s = time.monotonic()
        await self.close(avatar)
        return f"{time.monotonic() - began_s:.1f} s"

    @check("no key or token in any log line, repr or message")
    async def test_secrets(self, bench: Bench) -> str:
        for secret in bench.secrets:
            assert len(secret) >= SECRET_LENGTH, (
                f"a secret of the bench has {len(secret)} characters; use one that is unmistakable"
            )
        with logged() as lines:
            texts: list[str] = []
            call = NotedCall(self.make(bench), bench)
            async with call:
                await call.speak(0.5)
                texts += [repr(call.avatar), str(call.avatar)]
            texts += [repr(event) for event in call.events]
            if Fault.AUTH in bench.faults:
                bench.faults[Fault.AUTH]()
                avatar = self._attached(bench)
                try:
                    await self._start(avatar)
                except Exception as exc:  # whatever it is, its text is what is looked at
                    texts += [repr(exc), str(exc)]
                await self.close(avatar)
        for secret in bench.secrets:
            leaked = [text for text in (*lines, *texts) if secret in text]
            hidden = leaked[0].replace(secret, "<the secret>") if leaked else ""
            assert not leaked, f"a secret is in {len(leaked)} text(s), such as: {hidden}"
        return f"{len(lines)} log lines"

    # ----------------------------------------------------------------------- helpers
    async def _refused(
        self, bench: Bench, fault: Fault, kind: type[ProviderError], *, retryable: bool
    ) -> str:
        bench.faults[fault]()
        avatar = self._attached(bench)
        try:
            async with asyncio.timeout(NOTICE_S + 3.0):
                if isinstance(avatar, ProviderAvatar):
                    session = await avatar.connect(_Sink(bench.source_size).media())
                    await self._disconnect(session)
                else:
                    await avatar.start()
        except ProviderError as exc:
            error = exc
        except Exception as exc:  # any other: the kit's to report
            raise AssertionError(
                f"a refusal ({fault.value}) raised {type(exc).__name__}: {exc}; "
                f"it must be {kind.__name__}"
            ) from exc
        else:
            raise AssertionError(f"the service refused ({fault.value}) and nothing was raised")
        finally:
            await self.close(avatar)
        assert isinstance(error, kind), (
            f"a refusal ({fault.value}) raised {type(error).__name__}: {error}; "
            f"it must be {kind.__name__}"
        )
        assert error.retryable is retryable, f"{kind.__name__}.retryable is {error.retryable}"
        assert error.provider == avatar.provider_name, f"the error names {error.provider!r}"
        assert not any(secret in str(error) for secret in bench.secrets), "a secret in the message"
        await self._sessions_closed(bench)
        return str(error)

    async def _lost(self, bench: Bench, fault: Fault, notice_s: float) -> str:
        avatar = bench.make()  # going on as it does for users: the voice at least
        async with NotedCall(avatar, bench) as call:
            await asyncio.sleep(0.3)
            said = await call.send(4.0)
            # The seam, up to 0.4 s later, must cut no marker: they last 40 ms from 0.75 and 1.25 s.
            await call.heard(said, 0.82)
            at_s = time.monotonic()
            bench.faults[fault]()
            noticed = await self._event(call, at_s, notice_s)
            if isinstance(avatar, ProviderAvatar):
                await self._went_on(call, said)
        await self._sessions_closed(bench)
        return f"told after {noticed:.2f} s"

    async def _event(self, call: NotedCall, at_s: float, within_s: float) -> float:
        before = len(call.seen(*LOST_EVENTS))
        while time.monotonic() < at_s + within_s:
            if len(call.seen(*LOST_EVENTS)) > before:
                return time.monotonic() - at_s
            await asyncio.sleep(0.02)
        raise AssertionError(
            f"the service was lost, and within {within_s:g} s no event said so: "
            "is the error swallowed?"
        )

    async def _went_on(self, call: NotedCall, said: Said) -> None:
        """The rest is heard, by another session or by the voice alone, and ends once."""
        await call.over(said)
        await asyncio.sleep(0.3)
        missing = unheard(said, call.markers_heard())
        assert not missing, f"{len(missing)} sounds of the interrupted speech were never heard"
        ends = call.finished(said)
        assert len(ends) == 1, f"the utterance ended {len(ends)} times"
