"""Years of bad luck in seconds: dice play the world, and what Fleet promises has to hold after every step."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.model import events
from fleet.model.fleet import Agent, Budget, Check, Fleet, Job, Limit, Requirement, Trigger, Workflow
from fleet.testing.world import BrokenPromise, World

BUDGET = Budget(per_run=Limit(time_ms=60_000, cost_micros=1_000_000), per_day=Limit(cost_micros=20_000_000))

FEATURE = Workflow(
    "feature",
    (Trigger("issue", label="fleet:ready"),),
    (
        Job("implement", agents=("dev", "dev2")),
        Job("review", agents=("lead",), needs=("implement",)),
        Job("test", agents=("qa",), needs=("implement",)),
        Job("merge", action="merge", needs=("review", "test")),
    ),
)
FLEET = Fleet(
    name="sim",
    agents=(
        Agent("dev", "change", slots=2, budget=BUDGET),
        Agent("dev2", "change", slots=1, budget=BUDGET),
        Agent("lead", "review", slots=1, budget=BUDGET),
        Agent("qa", "check", slots=3, budget=BUDGET),
    ),
    workflows=(FEATURE,),
    checks=(Check("test", "make test"),),
    merge_gate=(
        Requirement("review", approvals=1),
        Requirement("checks"),
        Requirement("human", when="risk.score >= 60"),
    ),
)

# Nobody but the gate stands between the author and the base branch here, and the day's money is short.
LONE = replace(
    FLEET,
    agents=(
        Agent(
            "dev",
            "change",
            slots=3,
            budget=Budget(per_run=Limit(cost_micros=1_000_000), per_day=Limit(cost_micros=2_500_000)),
        ),
    ),
    workflows=(
        replace(
            FEATURE,
            jobs=(Job("implement", agents=("dev",)), Job("merge", action="merge", needs=("implement",))),
        ),
    ),
)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(
    fleet=st.sampled_from([FLEET, LONE]),
    seed=st.integers(0, 2**32),
    chaos=st.sampled_from([0.0, 0.1, 0.3, 0.6]),
)
def test_every_promise_holds_after_every_step(fleet: Fleet, seed: int, chaos: float) -> None:
    world = World(fleet, seed, chaos=chaos)
    for _ in range(150):
        world.step()
        assert world.broken_promises() == []


@settings(max_examples=40, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**32), chaos=st.sampled_from([0.1, 0.4]))
def test_all_comes_to_rest_once_the_bad_luck_ends(seed: int, chaos: float) -> None:
    world = World(FLEET, seed, chaos=chaos)
    for _ in range(80):
        world.step()
    world.rest()
    assert world.state.moving == {}


def test_without_bad_luck_every_issue_is_merged() -> None:
    world = World(FLEET, 7, chaos=0.0)
    for _ in range(10):
        world.open_issue()
    world.rest()
    merged = [event.data["item"] for event in world.log if event.type == events.CHANGE_MERGED]
    assert sorted(merged) == list(range(1, 11))


def test_the_same_seed_tells_the_same_story() -> None:
    stories = []
    for _ in range(2):
        world = World(FLEET, 11, chaos=0.4)
        for _ in range(100):
            world.step()
        stories.append(world.log)
    assert stories[0] == stories[1]


def test_the_world_notices_a_merge_that_nobody_approved() -> None:
    world = World(FLEET, 1, chaos=0.0)
    world.open_issue()
    while not world.state.changes:
        world._perform()
        world.settle()
        world._session()
        world.settle()
    change = world.state.changes[2]
    data = {"change": change.id, "item": change.item, "head": change.head, "sha": "x", "base": "x"}
    with pytest.raises(BrokenPromise, match="approvals"):
        world._check_merge(world.state, data)
