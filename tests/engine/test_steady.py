"""The watcher's clock, while somebody moves the machine's."""

from __future__ import annotations

import time

from fleet.engine.steady import Steady
from fleet.model import events
from fleet.model.event import Event
from fleet.model.state import Instance, Run, State
from fleet.policy.fold import fold


class Clock:
    """The machine's clock, off by what a test says."""

    off = 0

    def __call__(self) -> int:
        return time.time_ns() // 1_000_000 + self.off


def test_a_clock_that_is_set_back_does_not_stop_the_watchers():
    machine = Clock()
    steady = Steady(machine)
    before = steady()
    machine.off = -3_600_000
    until = time.monotonic() + 20
    while steady() < before + 20:
        assert time.monotonic() < until
    assert steady.jumped() == 0


def test_a_jump_ahead_is_told_once():
    machine = Clock()
    steady = Steady(machine)
    steady.begin_at(machine() + 5000)
    machine.off = 3_600_000
    assert 3_500_000 < steady.jumped() <= 3_600_000
    assert steady.jumped() == 0


def test_nobody_has_worked_or_was_silent_while_the_clock_jumped():
    state = State(now=1000, instances={"i1": Instance("i1", "feature", 1, "", 1000)})
    run = state.runs["r1"] = Run("r1", "i1", "implement", "change", 1, 1, 1, 0, state="running")
    run.started, run.heard, state.moving["r1"] = 1000, 2000, None
    fold(state, Event(events.CLOCK_MOVED, {"ms": 500}, id="e", time=2600, seq=1))
    assert (run.started, run.heard, run.changed) == (1500, 2500, 0)
