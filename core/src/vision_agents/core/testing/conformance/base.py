"""How a check runs: on a loop and a clock of its own, on a fresh bench, leaving nothing."""

from __future__ import annotations

import asyncio
import inspect
import logging
from contextlib import AbstractAsyncContextManager, ExitStack, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar

import pytest

from vision_agents.core.avatars.provider import ProviderAvatar
from vision_agents.core.testing.clock import BusySelector, VirtualLoop, virtual_time
from vision_agents.core.testing.conformance.check import (
    CHECK,
    About,
    Body,
    NotApplicable,
    check_name,
)
from vision_agents.core.testing.conformance.guard import nothing_left, sockets_closed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping

    from vision_agents.core.avatars import Avatar
    from vision_agents.core.testing.conformance.bench import Bench

__all__ = ["KitBase"]

T = TypeVar("T")


class KitBase:
    """What every group of checks stands on. Inherit ``AvatarConformance``, not this."""

    provider: ClassVar[str] = ""
    """The dotted name of the hooks module, such as ``"acme_avatar.hooks"``."""

    tier: ClassVar[Literal["pure", "wire"]] = "wire"
    """``pure``: virtual time, for avatars and stand-ins that use no socket; ``wire``: real."""

    waived: ClassVar[Mapping[str, str]] = {}
    """Checks that are left out, each with the reason that the report shows."""

    close_limit_s: ClassVar[float] = 10.0
    """Within this any ``close()`` returns, also with a service that does not answer."""

    check_limit_s: ClassVar[float] = 55.0
    """Within this a check is over, in real time; virtual ones may take an hour of their own."""

    def bench(self) -> AbstractAsyncContextManager[Bench]:
        """Start your stand-in and yield a ``Bench``; afterwards nothing of it may be left.

        Entered anew for each check, in the wire tier by some at the same time.
        Write it with ``contextlib.asynccontextmanager``.
        """
        raise NotImplementedError(f"{type(self).__name__} must define bench()")

    # ------------------------------------------------------------------------ running
    def run_check(self, request: pytest.FixtureRequest, about: About, body: Body) -> None:
        """Run one check as a pytest test."""
        __tracebackhide__ = True
        whole = self.required(about, body)
        self.report_on(request, about, lambda: self.on_a_bench(about.title, whole))

    def required(self, about: About, body: Body) -> Body:
        """The body, after a look at whether the bench has what it needs."""

        async def whole(kit: Any, bench: Bench) -> str | None:
            self.require(bench, bench.make(), about)
            return await body(kit, bench)

        return whole

    def report_on(
        self, request: pytest.FixtureRequest, about: About, run: Callable[[], str | None]
    ) -> None:
        """Run a check, or leave it out with its reason, and say so to the report."""
        __tracebackhide__ = True
        name = check_name(request)
        result: dict[str, Any] = {
            "suite": type(self).__name__,
            "tier": self.tier,
            "check": name,
            "title": about.title,
        }
        request.node.user_properties.append((CHECK, result))
        reason = self.waived.get(name)
        if reason is not None:
            result["waived"] = reason
            pytest.skip(f"waived: {reason}")
        try:
            result["figure"] = run()
        except NotApplicable as exc:
            result["not_applicable"] = str(exc)
            pytest.skip(f"not applicable: {exc}")

    def on_a_bench(self, name: str, body: Body, *, may_leak: bool = False) -> str | None:
        """Run the body on a fresh bench and loop; whatever it leaves behind is a failure.

        Where several checks judge what the body did, ``may_leak`` leaves that to other checks.
        """
        __tracebackhide__ = True

        async def main() -> str | None:
            async with asyncio.timeout(3600.0 if self.tier == "pure" else self.check_limit_s):
                guard = nullcontext() if may_leak else nothing_left(name)
                async with guard, self.bench() as bench:
                    return await body(self, bench)

        with nullcontext() if may_leak else sockets_closed(name):
            return self.run(main)

    def run(self, main: Callable[[], Awaitable[T]]) -> T:
        """Run a coroutine function on a loop of this tier."""
        __tracebackhide__ = True

        async def call() -> T:
            return await main()

        with ExitStack() as stack:
            if self.tier == "pure":
                factory: Callable[[], asyncio.AbstractEventLoop] = stack.enter_context(
                    virtual_time()
                )
            else:
                factory = _real_loop
            return stack.enter_context(asyncio.Runner(loop_factory=factory)).run(call())

    def require(self, bench: Bench, avatar: Avatar, about: About) -> None:
        """Fail, or say that it does not apply, where the bench lacks what a check needs."""
        behind = isinstance(avatar, ProviderAvatar) or bench.log is not None
        if about.needs_sessions and not isinstance(avatar, ProviderAvatar):
            raise NotApplicable("the avatar opens no provider sessions")
        if about.needs_log and bench.log is None:
            if not behind:
                raise NotApplicable("no service is behind the avatar")
            raise AssertionError(
                "the bench has no ServiceLog, so nobody knows what the service saw: "
                "give it one, or waive this check with the reason"
            )
        for fault in about.needs_faults:
            if fault not in bench.faults:
                if not behind:
                    raise NotApplicable("no service is behind the avatar")
                raise AssertionError(
                    f"the stand-in cannot play the fault {fault.value!r}: "
                    "add it to Bench(faults=...), or waive this check with the reason"
                )
        if about.needs_flash and bench.source_size is None:
            raise AssertionError(
                "the stand-in does not draw with FlashRenderer, so pictures cannot be told apart: "
                "let it, and set Bench(source_size=...), or waive this check with the reason"
            )

    # ------------------------------------------------------------------ for the checks
    def make(self, bench: Bench) -> Avatar:
        """An avatar that says so when it fails, instead of going on without its face."""
        avatar = bench.make()
        if isinstance(avatar, ProviderAvatar):
            avatar.on_avatar_failure = "raise"
        return avatar

    async def close(self, avatar: Avatar) -> None:
        """Close within the limit, or fail."""
        try:
            async with asyncio.timeout(self.close_limit_s):
                await avatar.close()
        except TimeoutError:
            raise AssertionError(
                f"close() did not return within {self.close_limit_s:g} s"
            ) from None

    @staticmethod
    def selector() -> BusySelector:
        """The running loop's, which knows whether the loop is busy."""
        loop = asyncio.get_running_loop()
        selector = loop.selector if isinstance(loop, VirtualLoop) else loop._selector  # type: ignore[attr-defined]  # set by _real_loop
        assert isinstance(selector, BusySelector)
        return selector


def _real_loop() -> asyncio.AbstractEventLoop:
    return asyncio.SelectorEventLoop(BusySelector())


@contextmanager
def logged() -> Iterator[list[str]]:
    """Everything logged inside, at every level, with tracebacks, as text."""
    lines: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record))

    root = logging.getLogger()
    handler, level = Keep(), root.level
    handler.setFormatter(logging.Formatter("%(name)s %(levelname)s %(message)s"))
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield lines
    finally:
        root.setLevel(level)
        root.removeHandler(handler)


def replaced_checks(kit: type[KitBase], own: type[KitBase]) -> dict[str, str | None]:
    """The kit's checks that ``own`` replaces or removes, with the reason where one is given."""
    found: dict[str, str | None] = {}
    for name, test in inspect.getmembers(kit):
        if isinstance(getattr(test, CHECK, None), About):
            mine = inspect.getattr_static(own, name, None)
            if mine is not inspect.getattr_static(kit, name):
                about = getattr(mine, CHECK, None)
                found[name] = about.overridden or None if isinstance(about, About) else None
    return found
