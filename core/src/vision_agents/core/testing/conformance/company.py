"""Several checks at the same time: in real time most of a check is waiting."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

from vision_agents.core.testing.conformance.base import KitBase
from vision_agents.core.testing.conformance.check import CHECK, About, Body, check_name
from vision_agents.core.testing.conformance.guard import nothing_left, sockets_closed

if TYPE_CHECKING:
    import pytest

__all__ = ["CompanyBase"]

AT_ONCE = 4
"""Calls of a small picture that two cores carry in real time."""
LIMIT_S = 30.0
"""Longer than a whole company takes: a minute is what pytest is usually given for a test."""

Figures = dict[str, str | None]


class CompanyBase(KitBase):
    """Runs the checks that bear company when the first of them is asked for.

    Only success is believed: what fails in company, for whatever reason, runs alone, and that is
    its verdict.
    """

    _passed: ClassVar[dict[type, Figures]] = {}

    def run_check(self, request: pytest.FixtureRequest, about: About, body: Body) -> None:
        __tracebackhide__ = True
        if self.tier == "wire" and about.in_company is not None:
            if type(self) not in self._passed:
                self._passed[type(self)] = self._run_together(self._chosen(request))
            passed = self._passed[type(self)]
            name = check_name(request)
            if name in passed:
                self.report_on(request, about, lambda: passed[name])
                return
        super().run_check(request, about, body)

    def _chosen(self, request: pytest.FixtureRequest) -> dict[str, About]:
        """This suite's checks that pytest was asked for and that bear company, long ones first."""
        own = (item for item in request.session.items if getattr(item, "cls", None) is type(self))
        found = {item.name: getattr(getattr(self, item.name, None), CHECK, None) for item in own}
        chosen = {
            name: about
            for name, about in found.items()
            if isinstance(about, About) and about.in_company and name not in self.waived
        }
        return dict(sorted(chosen.items(), key=lambda check: not check[1].long))

    def _run_together(self, checks: dict[str, About]) -> Figures:
        """The figures of those that passed; none where they left something behind."""
        figures: Figures = {}
        if len(checks) < 2:
            return figures

        async def main() -> None:
            room = asyncio.Semaphore(AT_ONCE)
            async with nothing_left("checks in company"):
                tasks = {
                    asyncio.create_task(self._run_one(about, room), name=name): name
                    for name, about in checks.items()
                }
                _, late = await asyncio.wait(tasks, timeout=LIMIT_S)
                for task in late:
                    task.cancel()
                await asyncio.wait(tasks, timeout=self.close_limit_s)
            for task, name in tasks.items():
                if task.done() and not task.cancelled() and task.exception() is None:
                    figures[name] = task.result()

        try:
            with sockets_closed("checks in company"):
                self.run(main)
        except AssertionError:  # by which of them, they say when they run alone
            figures.clear()
        return figures

    async def _run_one(self, about: About, room: asyncio.Semaphore) -> str | None:
        assert about.in_company is not None
        async with room, asyncio.timeout(self.check_limit_s), self.bench() as bench:
            return await self.required(about, about.in_company)(self, bench)
