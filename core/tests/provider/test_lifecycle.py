"""Starting, closing and cancelling: from every state, at every await."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest

from vision_agents.core.errors import (
    AuthError,
    BusyError,
    ProtocolError,
    ProviderError,
    ProviderTimeoutError,
    QuotaError,
    StateError,
)
from vision_agents.core.events.avatar import (
    AvatarConnectedEvent,
    AvatarDegradedEvent,
    AvatarErrorEvent,
    AvatarFirstFrameEvent,
    AvatarRecoveredEvent,
)

Virtual = Callable[..., Any]


def test_start_returns_when_the_first_picture_is_there(virtual: Virtual, call: Any) -> None:
    async def main() -> None:
        async with call() as now:
            assert now.state() == "ready"
            await asyncio.sleep(0.1)
        (connected,) = now.seen(AvatarConnectedEvent)
        assert connected.latency_s == pytest.approx(0.2, abs=0.05)
        assert set(connected.phases_s) == {"connect", "room", "first picture"}
        (first,) = now.seen(AvatarFirstFrameEvent)
        assert (first.width, first.height) == now.service.size
        assert now.state() == "closed"

    virtual(main())


@pytest.mark.parametrize(
    ("fault", "phase"), [("hang_connect", "room"), ("no_picture", "first picture")]
)
def test_a_start_that_hangs_names_the_phase(
    virtual: Virtual, call: Any, fault: str, phase: str
) -> None:
    async def main() -> None:
        now = call(on_avatar_failure="raise")
        setattr(now.service.faults, fault, True)
        began_s = time.monotonic()
        with pytest.raises(ProviderTimeoutError, match=f"waiting for: {phase}") as caught:
            await now.avatar.start()
        assert caught.value.phase == phase
        assert time.monotonic() - began_s <= 31.0
        await now.avatar.close()
        assert now.service.alive == 0

    virtual(main())


REFUSALS = {
    "auth": AuthError("the key is not known", provider="memory", status_code=401),
    "quota": QuotaError("no minutes left", provider="memory", status_code=402),
    "protocol": ProtocolError("the reply has no session", provider="memory"),
}


@pytest.mark.parametrize("kind", REFUSALS)
def test_a_refusal_that_no_retry_mends_raises_at_once(
    virtual: Virtual, call: Any, kind: str
) -> None:
    async def main() -> None:
        now = call(on_avatar_failure="raise")
        now.service.faults.refusals.append(REFUSALS[kind])
        with pytest.raises(type(REFUSALS[kind])):
            await now.avatar.start()
        with pytest.raises(StateError, match="started once"):
            await now.avatar.start()
        await now.avatar.close()

    virtual(main())


@pytest.mark.parametrize("kind", REFUSALS)
def test_a_refusal_leaves_the_voice(virtual: Virtual, call: Any, kind: str) -> None:
    async def main() -> None:
        now = call()
        now.service.faults.refusals.append(REFUSALS[kind])
        async with now:
            assert now.state() == "degraded"
            line = await now.speak(2.0)
            await asyncio.sleep(0.1)
        assert not now.tally(line).lost
        assert now.tally(line).waited_s <= 0.5
        (degraded,) = now.seen(AvatarDegradedEvent)
        assert degraded.reason == str(REFUSALS[kind])
        assert now.seen(AvatarErrorEvent)[-1].fatal

    virtual(main())


def test_a_busy_service_is_asked_again(virtual: Virtual, call: Any) -> None:
    async def main() -> None:
        now = call()
        now.service.faults.refusals.extend(BusyError("full", provider="memory") for _ in range(3))
        async with now:
            assert now.state() == "ready"
            assert len(now.service.sessions) == 1

    virtual(main())


def test_a_service_that_comes_back_gets_the_face_back(virtual: Virtual, call: Any) -> None:
    async def main() -> None:
        now = call()
        async with now:
            now.service.faults.refusals.extend(
                BusyError("full", provider="memory") for _ in range(7)
            )
            now.service.drop()
            await asyncio.sleep(5.0)
            assert now.state() == "degraded"
            line = await now.speak(2.0)
            assert not now.tally(line).lost
            await asyncio.sleep(90.0)
            assert now.state() == "ready"
        assert now.seen(AvatarRecoveredEvent)

    virtual(main())


def test_lost_for_good_raises_for_those_who_want_it(virtual: Virtual, call: Any) -> None:
    async def main() -> None:
        now = call(on_avatar_failure="raise")
        async with now:
            now.service.faults.refusals.append(AuthError("revoked", provider="memory"))
            now.service.drop()
            with pytest.raises(AuthError, match="revoked"):
                await now.avatar.wait_lost()
            assert now.state() == "closed"

    virtual(main())


def test_the_unheard_rest_is_spoken_when_the_provider_is_lost_for_good(
    virtual: Virtual, call: Any
) -> None:
    async def main() -> None:
        now = call()
        async with now:
            line = now.line(4.0)
            now.service.faults.refusals.append(QuotaError("empty", provider="memory"))
            asyncio.get_running_loop().call_later(1.5, now.service.drop)
            await now.say(line, speed=2.0)
            await asyncio.sleep(5.0)
            after = await now.speak(1.0)
            await asyncio.sleep(0.1)
            assert now.state() == "degraded"
        for said in (line, after):
            assert not now.tally(said).lost
            assert now.tally(said).longest_pause_s <= 0.7

    virtual(main())


MOMENTS_S = [0.0, 0.1, 0.2, 0.22, 0.3, 0.6, 1.0, 2.0]
STEPS = range(4)


@pytest.mark.parametrize("moment_s", MOMENTS_S)
@pytest.mark.parametrize("steps", STEPS)
def test_a_start_cancelled_anywhere_leaves_nothing(
    virtual: Virtual, call: Any, moment_s: float, steps: int
) -> None:
    async def main() -> None:
        now = call()
        now.service.faults.refusals.append(BusyError("full", provider="memory"))
        starting = asyncio.create_task(now.avatar.start())
        await asyncio.sleep(moment_s)
        for _ in range(steps):
            await asyncio.sleep(0)
        starting.cancel()
        await asyncio.wait({starting})
        await asyncio.wait_for(now.avatar.close(), 7.0)
        assert now.service.alive == 0

    virtual(main())


CONDITIONS = ["connecting", "ready", "speaking", "interrupting", "reconnecting", "degraded", "hung"]


async def _bring_to(now: Any, condition: str) -> None:
    faults = now.service.faults
    if condition == "connecting":
        faults.hang_connect = True
        return
    await now.avatar.start()
    line = now.line(3.0)
    await now.say(line, speed=20.0)
    await asyncio.sleep(0.6)
    if condition == "interrupting":
        faults.hang_interrupt = True
        now.interrupting = asyncio.create_task(now.barge_in())
        await asyncio.sleep(0)
    elif condition in ("reconnecting", "degraded"):
        error = AuthError if condition == "degraded" else BusyError
        faults.refusals.extend(error("no", provider="memory") for _ in range(9))
        now.service.drop()
        await asyncio.sleep(0.5)
    elif condition == "hung":
        faults.hang_disconnect = True


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("cancel_after_s", [None, 0.0, 0.001, 1.0])
def test_close_ends_in_time_from_every_state(
    virtual: Virtual, call: Any, condition: str, cancel_after_s: float | None
) -> None:
    async def main() -> None:
        now = call()
        bringing = asyncio.create_task(_bring_to(now, condition))
        if condition == "connecting":
            starting = asyncio.create_task(now.avatar.start())
            await bringing
            await asyncio.sleep(0.5)
        else:
            await bringing
        began_s = time.monotonic()
        closing = asyncio.create_task(now.avatar.close())
        if cancel_after_s is not None:
            await asyncio.sleep(cancel_after_s)
            closing.cancel()
        await asyncio.wait({closing})
        await now.avatar.close()
        await now.avatar.close()
        assert time.monotonic() - began_s <= 7.0
        assert now.service.alive == 0
        if condition == "connecting":
            with pytest.raises(StateError, match="closed while it was starting"):
                await starting
        await now.avatar.interrupt()
        if condition == "interrupting":
            await now.interrupting

    virtual(main())


def test_a_cancelled_interrupt_has_still_cut(virtual: Virtual, call: Any) -> None:
    async def main() -> None:
        async with call() as now:
            await now.say(now.line(3.0), speed=20.0)
            await asyncio.sleep(1.0)
            now.service.faults.hang_interrupt = True
            await now.speech.flush()
            await now.avatar.audio_output().flush()
            cutting = asyncio.create_task(now.avatar.interrupt())
            await asyncio.sleep(0.01)
            cutting.cancel()
            await asyncio.wait({cutting})
            now.service.faults.hang_interrupt = False
            line = await now.speak(1.0)
            await asyncio.sleep(0.1)
        assert not now.tally(line).lost

    virtual(main())


def test_foreign_errors_are_named_without_their_text(virtual: Virtual, call: Any) -> None:
    async def main() -> None:
        now = call(on_avatar_failure="raise")

        async def connect(media: Any) -> Any:
            raise KeyError("https://secret.example/?token=abc")

        now.avatar.connect = connect
        with pytest.raises(ProviderError, match="unexpected KeyError at test_lifecycle") as caught:
            await now.avatar.start()
        assert "token" not in str(caught.value)

    virtual(main())
