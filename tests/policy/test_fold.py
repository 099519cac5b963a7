"""The fold takes whatever a log holds: it never raises, and what it does not know changes nothing."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.model import events
from fleet.model.event import Event
from fleet.model.state import State
from fleet.policy.decide import decide
from fleet.policy.fold import fold, fold_all
from fleet.testing.story import FLEET, Story

TYPES = sorted(
    value for name, value in vars(events).items() if name.isupper() and str(value).startswith("fleet.")
)
KNOWN: tuple[Any, ...] = (
    1,
    2,
    "i1",
    "r1",
    "r2",
    "a1",
    "implement",
    "merge",
    "developer",
    "start/r2",
    "a" * 40,
)
NAMES = """
item change instance run job approval agent key kind args head base sha verdict text outcome reason
labels label resets round requirements results factors paths question attempt retry_at at ended exit
spent cost_micros tokens not_before data trigger scheduled triggers schedules jobs name actor ok
permanent repo ref error score
"""
SCALARS = st.one_of(
    st.sampled_from(KNOWN),
    st.none(),
    st.booleans(),
    st.integers(-(2**40), 2**53),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
DATA = st.dictionaries(st.sampled_from(NAMES.split()), VALUES, max_size=8)


def _halfway() -> State:
    """A change that waits for a person, with its reviewer at work on nothing."""
    story = Story()
    story.issue()
    story.deliver("r1")
    story.examine(score=90)
    story.deliver("r2", "approve")
    story.issue("Another")
    story.start("r3")
    return story.state


HALFWAY = _halfway()


@settings(max_examples=600, deadline=None, derandomize=True)
@given(kind=st.sampled_from(TYPES), data=DATA)
def test_no_event_of_fleet_breaks_the_fold_whatever_its_data(kind: str, data: dict[str, Any]) -> None:
    state = deepcopy(HALFWAY)
    fold(state, Event(kind, data, id="x1", seq=state.seq + 1, time=state.now + 1))
    assert state.seq == HALFWAY.seq + 1


@settings(max_examples=200, deadline=None, derandomize=True)
@given(batch=st.lists(st.tuples(st.sampled_from(TYPES), DATA), max_size=6))
def test_no_row_of_them_does_on_an_empty_log(batch: list[tuple[str, dict[str, Any]]]) -> None:
    fold_all(Event(kind, data, id=f"x{seq}", seq=seq, time=seq) for seq, (kind, data) in enumerate(batch, 1))


@pytest.mark.parametrize("kind", TYPES)
def test_an_event_without_any_data_does_not_break_it(kind: str) -> None:
    state = deepcopy(HALFWAY)
    fold(state, Event(kind, {}, id="x1", seq=state.seq + 1, time=state.now + 1))


UNKNOWN = {
    "item": 99,
    "change": 99,
    "instance": "i99",
    "run": "r99",
    "job": "none",
    "approval": "a99",
    "key": "start/r99",
    "trigger": "x",
    "command": "x",
}
CHANGES_NOTHING = [
    kind
    for kind in TYPES
    if kind.startswith(("fleet.run.", "fleet.job.", "fleet.change.", "fleet.approval."))
    and kind not in (events.RUN_QUEUED, events.CHANGE_OPENED, events.APPROVAL_ASKED)
]


@pytest.mark.parametrize("kind", CHANGES_NOTHING)
def test_what_speaks_of_something_unknown_changes_nothing(kind: str) -> None:
    state = deepcopy(HALFWAY)
    fold(state, Event(kind, UNKNOWN, id="x1", seq=state.seq + 1, time=state.now))
    assert replace(state, seq=HALFWAY.seq, pending=HALFWAY.pending) == HALFWAY


def test_folding_a_log_twice_gives_the_same_state() -> None:
    story = Story()
    story.issue()
    story.deliver("r1")
    assert fold_all(story.log) == fold_all(story.log) == story.state


def test_the_time_of_the_state_never_goes_back() -> None:
    state = fold_all([Event("a.b", {}, time=50, seq=1), Event("a.b", {}, time=20, seq=2)])
    assert state.now == 50


def test_a_total_that_goes_down_is_not_believed() -> None:
    story = Story()
    story.issue()
    story.start("r1")
    story.about("r1", events.RUN_SPENT, cost_micros=500, tokens=70)
    story.about("r1", events.RUN_SPENT, cost_micros=100, tokens=20)
    assert (story.state.runs["r1"].cost_micros, story.state.runs["r1"].tokens) == (500, 70)


def test_the_first_answer_to_a_question_counts() -> None:
    story = Story()
    story.issue()
    story.deliver("r1")
    story.examine(score=90)
    story.deliver("r2", "approve")
    story.tell(events.APPROVAL_GIVEN, approval="a1", actor="user/ann", note="")
    story.tell(events.APPROVAL_REFUSED, approval="a1", actor="user/bob", note="", send_back=False)
    assert story.state.approvals["a1"].by == "user/ann"
    assert story.state.changes[2].open


def test_what_decides_after_a_strange_request_still_decides() -> None:
    for item in ([], {}, "1", 1.5, None, True):
        story = Story()
        story.tell(events.WORKFLOW_REQUESTED, name="developer", item=item, text="Hello", actor="user/ann")
        assert decide(FLEET, story.state) == []
        assert len(story.state.instances) == 1
