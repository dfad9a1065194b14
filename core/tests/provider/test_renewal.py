"""When a session's successor is opened: by the cap, and by how long sessions take to open."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision_agents.core.avatars.provider.renewal import Openings, renewal_lead


@pytest.mark.parametrize(
    ("cap_s", "opening_s", "open_s", "force_s"),
    [
        (1200.0, 2.0, 15.0, 4.0),  # the usual call: there is time
        (1200.0, 20.0, 34.0, 4.0),  # slow to open: earlier
        (12.0, 0.2, 3.0, 1.5),  # short: a quarter of it
        (10.0, 2.5, 5.0, 1.25),  # short and slow: as long as it takes
        (10.0, 9.0, 5.0, 1.25),  # slower than can be: half of it
    ],
)
def test_the_lead_follows_the_time_to_open(
    cap_s: float, opening_s: float, open_s: float, force_s: float
) -> None:
    lead = renewal_lead(cap_s, opening_s=opening_s)
    assert (lead.open_s, lead.force_s) == pytest.approx((open_s, force_s))


@given(st.floats(1.0, 7200.0), st.floats(0.0, 60.0))
def test_the_successor_is_there_before_the_change_is_forced(cap_s: float, opening_s: float) -> None:
    lead = renewal_lead(cap_s, opening_s=opening_s)
    assert 0.0 < lead.force_s < lead.open_s <= cap_s / 2
    assert lead.open_s - lead.force_s >= min(opening_s, cap_s / 4)


def test_the_slowest_of_the_last_openings_counts() -> None:
    openings = Openings()
    assert openings.slowest_s == 0.0
    for seconds in (9.0, 1.0, 3.0, 2.0, 1.5):
        openings.took(seconds)
    assert openings.slowest_s == 3.0  # the 9 s are forgotten
