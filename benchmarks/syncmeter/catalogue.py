"""Every scenario that has a name."""

from __future__ import annotations

from syncmeter import beyond, listed
from syncmeter.scenario import Scenario

BEYOND = 30
"""How many drawn scenarios the gate plays, each with one seed."""


def scenarios(drawn: int = BEYOND) -> dict[str, Scenario]:
    """The listed ones, then ``drawn`` others."""
    return listed.SCENARIOS | dict(map(beyond.draw, range(drawn)))


def is_drawn(name: str) -> bool:
    return name not in listed.SCENARIOS
