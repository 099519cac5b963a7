"""What a run waits for a person's answer is not its time; what it works meanwhile is."""

from __future__ import annotations

from typing import Any

import pytest

from fleet.model import events
from fleet.model.event import Event
from fleet.model.fleet import Fleet
from fleet.model.state import Instance, Run, State
from fleet.policy.fold import fold
from fleet.policy.stop import time_to_allow

START = 1_000_000


@pytest.fixture
def state() -> State:
    """A run that began at START, and asked a person 10 s later."""
    made = State(now=START, instances={"i1": Instance("i1", "feature", 1, "", START)})
    made.runs["r1"] = Run("r1", "i1", "implement", "change", 1, 1, 1, START, state="running", agent="dev")
    made.runs["r1"].started, made.runs["r1"].ceiling_ms = START, 60_000
    made.moving["r1"] = None
    tell(made, events.RUN_REPORTED, 10, verdict="ask", text="Which?")
    return made


def tell(state: State, kind: str, seconds: float, /, **data: Any) -> None:
    time = START + int(seconds * 1000)
    fold(state, Event(kind, {"run": "r1", **data}, id=f"e{state.seq}", time=time, seq=state.seq + 1))


def acts(state: State, seconds: float) -> None:
    tell(
        state, events.RUN_ACTED, seconds, kind="run", id="t", call="c", action="ls", at=START + seconds * 1000
    )


def test_its_session_is_let_last_longer_as_soon_as_it_asks(state: State):
    (allowed,) = time_to_allow(Fleet("shop"), state)
    assert allowed.data["args"] == {"run": "r1", "ms": 120_000}


def test_what_it_waited_for_its_answer_does_not_count(state: State):
    tell(state, events.RUN_SAID, 55, text="Postgres", actor="user/ann")
    assert state.runs["r1"].waited_ms == 45_000


def test_what_it_does_after_it_asked_is_work(state: State):
    acts(state, 20)
    acts(state, 50)
    assert state.runs["r1"].waited_ms == 120_000
    tell(state, events.RUN_SAID, 55, text="Postgres", actor="user/ann")
    assert state.runs["r1"].waited_ms == 5_000


def test_one_that_ends_without_an_answer_has_waited_until_its_end(state: State):
    tell(state, events.RUN_EXITED, 40, reason="exited", code=0, ended=START + 40_000)
    assert state.runs["r1"].waited_ms == 30_000
