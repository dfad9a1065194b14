"""A check: a pytest test that knows its title, what it needs, and what to say when left out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec

from vision_agents.core.testing.conformance.bench import Bench, Fault

if TYPE_CHECKING:
    import pytest

__all__ = ["CHECK", "NotApplicable", "check", "check_name", "overrides"]

CHECK = "vision_agents_check"
"""The attribute that marks a check, and the name of the property in which its result travels."""

P = ParamSpec("P")
Body = Callable[[Any, Bench], Awaitable[str | None]]


class NotApplicable(Exception):
    """The avatar has nothing that this check is about; the text says what."""


@dataclass(frozen=True, slots=True)
class About:
    """What the report says about a check, and what it needs to run."""

    title: str
    needs_log: bool = False
    needs_faults: tuple[Fault, ...] = ()
    needs_flash: bool = False
    needs_sessions: bool = False
    overridden: str = ""
    in_company: Body | None = None
    """What is run, where other checks may run at the same time."""
    long: bool = False


def check(
    title: str,
    *,
    log: bool = False,
    faults: tuple[Fault, ...] = (),
    flash: bool = False,
    sessions: bool = False,
    company: bool = False,
    long: bool = False,
) -> Callable[[Body], Callable[[Any, pytest.FixtureRequest], None]]:
    """Make a test of ``async def test_x(self, bench)``, which runs on a fresh bench.

    It may return a figure for the report. ``log``, ``faults`` and ``flash`` name what the bench
    must have, ``sessions`` that the avatar is a ``ProviderAvatar``. ``company``: others may run at
    the same time on benches of their own, since it watches nothing that all share, such as the
    loop's tasks or the log, and measures nothing to the millisecond; ``long`` ones begin first, so
    that none is waited for alone.
    """

    def wrap(body: Body) -> Callable[[Any, pytest.FixtureRequest], None]:
        alongside = body if company else None
        about = About(title, log, faults, flash, sessions, in_company=alongside, long=long)

        def test(self: Any, request: pytest.FixtureRequest) -> None:
            __tracebackhide__ = True
            self.run_check(request, about, body)

        # Not functools.wraps: pytest would take the arguments of the body for fixtures.
        test.__name__, test.__qualname__, test.__doc__ = body.__name__, body.__qualname__, title
        setattr(test, CHECK, about)
        return test

    return wrap


def check_name(request: pytest.FixtureRequest) -> str:
    """The name of the test that asks, without parameters."""
    return getattr(request.node, "originalname", None) or str(request.node.name)


def overrides(
    reason: str,
) -> Callable[[Callable[Concatenate[Any, P], None]], Callable[Concatenate[Any, P], None]]:
    """Mark a test of your own that replaces one of the kit's; the report shows the reason."""
    if not reason.strip():
        raise ValueError("say why this check is replaced: @overrides('...')")

    def wrap(test: Callable[Concatenate[Any, P], None]) -> Callable[Concatenate[Any, P], None]:
        setattr(test, CHECK, About(test.__name__, overridden=reason))
        return test

    return wrap
