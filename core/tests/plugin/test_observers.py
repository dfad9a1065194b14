"""Observers are called one at a time, and none of them can hurt the session or the others."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

from vision_agents.core.events.avatar import AvatarErrorEvent, AvatarEvent
from vision_agents.core.plugin import Observers, SessionInfo
from vision_agents.core.testing.discovery import entry_points_in

if TYPE_CHECKING:
    import pytest

    from .conftest import SitePackages

SESSION = SessionInfo(session_id="s1", provider_name="acme")
GROUP = "vision_agents.hooks"

COLLECTS = """
    seen = []
    def vision_agents_avatar_event(session, event):
        seen.append((session.session_id, event))
"""
RAISES = """
    calls = []
    def vision_agents_avatar_event(event):
        calls.append(event)
        raise KeyError("observer bug")
"""


def observers(site: SitePackages) -> Observers:
    return Observers(entry_points_in(site.folder))


def test_each_gets_the_event_also_after_one_that_raises(
    site: SitePackages, caplog: pytest.LogCaptureFixture
) -> None:
    site.add("a-raises", RAISES, keys=("a",), group=GROUP)
    site.add("b-collects", COLLECTS, keys=("b",), group=GROUP)
    told = observers(site)
    event = AvatarEvent(provider_name="acme")
    for _ in range(3):
        told.avatar_event(SESSION, event)
    assert sys.modules["b_collects.hooks"].seen == [("s1", event)] * 3
    assert len(sys.modules["a_raises.hooks"].calls) == 3
    (record,) = caplog.records  # once, with name and traceback
    assert "observer a from a-raises 1.0 (a_raises.hooks) failed on AvatarEvent" in record.message
    assert record.exc_info
    assert record.levelno == logging.ERROR


def test_one_that_cannot_be_imported_is_logged_and_left_out(
    site: SitePackages, caplog: pytest.LogCaptureFixture
) -> None:
    site.add("a-broken", "raise SystemExit", keys=("a",), group=GROUP)
    site.add("b-misspelt", "def vision_agents_avatar_evnt(): ...", keys=("b",), group=GROUP)
    site.add("c-collects", COLLECTS, keys=("c",), group=GROUP)
    told = observers(site)
    assert len(told) == 1
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * 2
    told.avatar_event(SESSION, AvatarEvent())
    assert len(sys.modules["c_collects.hooks"].seen) == 1


def test_an_async_one_is_refused_by_name(
    site: SitePackages, caplog: pytest.LogCaptureFixture
) -> None:
    site.add(
        "a-async", "async def vision_agents_avatar_event(event): ...", keys=("a",), group=GROUP
    )
    observers(site).avatar_event(SESSION, AvatarEvent())
    (record,) = caplog.records
    assert record.exc_info
    assert "must be a plain function, not async" in str(record.exc_info[1])


def test_two_distributions_may_use_one_key(site: SitePackages) -> None:
    site.add("a-collects", COLLECTS, keys=("log",), group=GROUP)
    site.add("b-collects", COLLECTS, keys=("log",), group=GROUP)
    assert len(observers(site)) == 2


def test_the_error_event_arrives_as_it_was_sent(site: SitePackages) -> None:
    site.add("a-collects", COLLECTS, keys=("log",), group=GROUP)
    event = AvatarErrorEvent(provider_name="acme", exc=RuntimeError("gone"), fatal=True)
    observers(site).avatar_event(SESSION, event)
    assert sys.modules["a_collects.hooks"].seen[0][1] is event
