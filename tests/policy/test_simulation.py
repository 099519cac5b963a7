"""Years of bad luck in seconds: dice play the world, and what Fleet promises has to hold after every step."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.model import events
from fleet.model.fleet import Agent, Budget, Check, Fleet, Job, Limit, Order, Requirement, Trigger, Workflow
from fleet.testing.world import World
from fleet.testing.world_promises import BrokenPromise, check_merge

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

# What was merged is released, and then shipped by a command once Ann says so. Little stands before that.
SHIPPING = replace(
    LONE,
    agents=FLEET.agents,
    workflows=(
        replace(
            FEATURE,
            jobs=(
                Job("implement", agents=("dev", "dev2")),
                Job("merge", action="merge", needs=("implement",)),
                Job("release", action="release", needs=("merge",)),
                Job("ship", action="run", needs=("release",), order=Order("ship", "make ship")),
            ),
        ),
    ),
    checks=(),
    merge_gate=(),
    gates=(("ship", (Requirement("human", by=("ann",)),)),),
)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(
    fleet=st.sampled_from([FLEET, LONE, SHIPPING]),
    seed=st.integers(0, 2**32),
    chaos=st.sampled_from([0.0, 0.1, 0.3, 0.6]),
)
def test_every_promise_holds_after_every_step(fleet: Fleet, seed: int, chaos: float) -> None:
    world = World(fleet, seed, chaos=chaos)
    for _ in range(150):
        world.step()
        assert world.broken_promises() == []


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    fleet=st.sampled_from([FLEET, SHIPPING]),
    seed=st.integers(0, 2**32),
    chaos=st.sampled_from([0.1, 0.4]),
)
def test_all_comes_to_rest_once_the_bad_luck_ends(fleet: Fleet, seed: int, chaos: float) -> None:
    world = World(fleet, seed, chaos=chaos)
    for _ in range(80):
        world.step()
    world.rest()
    assert world.state.moving == {}


@settings(max_examples=40, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**32))
def test_what_follows_a_merge_happens_once_whatever_goes_wrong(seed: int) -> None:
    """Two merges in peace; then dice play the releases and commands that follow, and people beside them."""
    world = World(SHIPPING, seed, chaos=0.0)
    world.open_issue()
    world.open_issue()
    while len(world.outside.often("merge")) < 2:
        world._perform()
        world._session()
        world._answer()
        world.settle()
    world.outside.chaos = 0.5
    for _ in range(80):
        world.step()
        assert world.broken_promises() == []


def test_without_bad_luck_every_issue_is_merged() -> None:
    world = World(FLEET, 7, chaos=0.0)
    for _ in range(10):
        world.open_issue()
    world.rest()
    merged = [event.data["item"] for event in world.log if event.type == events.CHANGE_MERGED]
    assert sorted(merged) == list(range(1, 11))


def test_without_bad_luck_every_merge_is_released_and_shipped_once() -> None:
    world = World(SHIPPING, 7, chaos=0.0)
    for _ in range(10):
        world.open_issue()
    world.rest()
    assert [len(world.outside.often(what)) for what in ("merge", "release", "order")] == [10, 10, 10]
    assert [each.outcome for each in world.state.instances.values()] == ["done"] * 10
    assert world.broken_promises() == []


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
        check_merge(world.outside, world.fleet, world.state, world.log, data)
