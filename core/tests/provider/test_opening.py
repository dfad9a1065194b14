"""What a session waits for while it opens, and what is made of its failures."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest

from vision_agents.core.avatars.provider import EndReason, SessionEnd
from vision_agents.core.avatars.provider.failures import as_end, as_error, final_error
from vision_agents.core.avatars.provider.phases import Phases
from vision_agents.core.avatars.provider.policy import PHASE_TIMEOUT_S
from vision_agents.core.errors import (
    BusyError,
    DisconnectedError,
    ProtocolError,
    ProviderError,
    ProviderTimeoutError,
    QuotaError,
)

Virtual = Callable[..., Any]


# --------------------------------------------------------------------------------------- phases
async def _go_through(phases: Phases, timeout_s: float, lasting_s: dict[str, float]) -> None:
    async with phases.timed(timeout_s):
        for name, seconds in lasting_s.items():
            phases.begin(name)
            await asyncio.sleep(seconds)


def test_each_phase_is_counted(virtual: Virtual) -> None:
    async def main() -> None:
        phases = Phases()
        await asyncio.sleep(0.5)  # nobody has begun yet
        await _go_through(phases, 30.0, {"connect": 1.0, "room": 2.0})
        assert phases.spent_s == pytest.approx({"connect": 1.0, "room": 2.0})

    virtual(main())


def test_a_phase_that_takes_too_long_is_the_one_named(virtual: Virtual) -> None:
    async def main() -> None:
        phases, began_s = Phases(), time.monotonic()
        with pytest.raises(TimeoutError):
            await _go_through(phases, 60.0, {"token": PHASE_TIMEOUT_S - 1.0, "room": 60.0})
        assert phases.name == "room"
        assert time.monotonic() - began_s == pytest.approx(2 * PHASE_TIMEOUT_S - 1.0, abs=0.1)

    virtual(main())


def test_all_phases_together_have_their_time(virtual: Virtual) -> None:
    async def main() -> None:
        phases, began_s = Phases(), time.monotonic()
        with pytest.raises(TimeoutError):
            await _go_through(phases, 20.0, dict.fromkeys("abcdef", 6.0))
        assert phases.name == "d"
        assert time.monotonic() - began_s == pytest.approx(20.0, abs=0.1)

    virtual(main())


# ------------------------------------------------------------------------------------- failures
def _raised(exc: Exception, timeout_s: float = 5.0) -> ProviderError:
    try:
        raise exc
    except Exception as caught:
        return as_error(caught, provider="acme", waiting_for="room", timeout_s=timeout_s)


@pytest.mark.parametrize(
    ("exc", "kind", "text"),
    [
        (OSError("secret"), DisconnectedError, "the connection failed (OSError at test_opening.py"),
        (KeyError("secret"), ProtocolError, "unexpected KeyError at test_opening.py"),
        (TimeoutError("secret"), ProviderTimeoutError, "no answer within 5 s"),
    ],
)
def test_a_foreign_exception_becomes_an_error_without_its_text(
    exc: Exception, kind: type[ProviderError], text: str
) -> None:
    error = _raised(exc)
    assert type(error) is kind
    assert str(error).startswith(f"acme: {text}")
    assert str(error).endswith("while waiting for: room")
    assert "secret" not in str(error)


def test_an_error_of_ours_stays_as_it_is() -> None:
    busy = BusyError("full", provider="acme")
    assert _raised(busy) is busy


def test_a_time_out_names_the_limit_that_was_met() -> None:
    assert "within 15 s" in str(_raised(TimeoutError(), timeout_s=30.0))


def test_an_end_says_whether_another_session_can_help() -> None:
    assert as_end(BusyError("full", provider="acme")).reason is EndReason.DISCONNECTED
    assert as_end(QuotaError("empty", provider="acme")).reason is EndReason.FAILED


def test_an_end_that_no_session_follows_is_an_error() -> None:
    busy = BusyError("full", provider="acme")
    assert final_error(SessionEnd(EndReason.FAILED, error=busy), provider="acme") is busy
    spent = final_error(SessionEnd(EndReason.QUOTA, "no minutes left"), provider="acme")
    assert type(spent) is QuotaError
    assert str(spent) == "acme: quota: no minutes left"
    lost = final_error(SessionEnd(EndReason.ENDED), provider="acme")
    assert (type(lost), lost.retryable) == (DisconnectedError, False)
