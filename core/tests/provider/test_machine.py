"""The states: which may follow which, and what each change says."""

from __future__ import annotations

import pytest

from vision_agents.core.avatars.provider.machine import LEGAL, Machine, State
from vision_agents.core.errors import StateError


def _reach(state: State) -> Machine:
    machine = Machine(0.0)
    if state in (State.READY, State.RECONNECTING):
        machine.up(1.0, speaking=False)
    if state is State.SPEAKING:
        machine.up(1.0, speaking=True)
    if state is State.RECONNECTING:
        machine.lost(2.0, "drop")
    if state is State.DEGRADED:
        machine.degrade(1.0, "refused")
    if state is State.CLOSED:
        machine.close(1.0, "closed")
    assert machine.state is state
    return machine


def _attempt(machine: Machine, new: State) -> None:
    if new in (State.READY, State.SPEAKING):
        machine.up(3.0, speaking=new is State.SPEAKING)
    elif new is State.RECONNECTING:
        machine.lost(3.0, "drop")
    elif new is State.DEGRADED:
        machine.degrade(3.0, "refused")
    elif new is State.CLOSED:
        machine.close(3.0, "closed")


@pytest.mark.parametrize("old", State)
@pytest.mark.parametrize("new", [state for state in State if state is not State.CONNECTING])
def test_only_legal_changes_happen(old: State, new: State) -> None:
    machine = _reach(old)
    if new is old or new in LEGAL[old]:
        _attempt(machine, new)
        assert machine.state is new
    elif new is State.RECONNECTING:  # a loss means nothing where no session is up
        _attempt(machine, new)
        assert machine.state is old
    else:
        with pytest.raises(StateError, match=f"{old.value} cannot become {new.value}"):
            _attempt(machine, new)


def test_a_change_says_how_long_the_old_state_lasted_and_why() -> None:
    machine = Machine(10.0)
    machine.up(12.5, speaking=False)
    change = machine.lost(20.0, "the socket closed")
    assert change is not None
    assert (change.old, change.new, change.lasted_s) == (State.READY, State.RECONNECTING, 7.5)
    assert change.reason == "the socket closed"
    assert machine.lost(21.0, "again") is None


def test_facelessness_counts_from_the_first_loss() -> None:
    machine = Machine(0.0)
    machine.up(1.0, speaking=True)
    machine.lost(5.0, "drop")
    machine.degrade(9.0, "no session in four attempts")
    assert machine.faceless_since_s == 5.0
    machine.up(12.0, speaking=False)
    assert machine.faceless_since_s is None
