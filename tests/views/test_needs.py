"""The one queue of what needs a person: all of it, the most urgent first, with what waits behind."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fleet.model import events
from fleet.model.event import Event
from fleet.model.fleet import Ceilings, Limit
from fleet.policy.fold import fold
from fleet.testing.story import FLEET, Story
from fleet.views.needs import how_many, needs


def asked_of(story: Story) -> dict[str, dict]:
    return {row["id"]: row for row in needs(story.fleet, story.state, story.state.now)}


def merge_asked(story: Story) -> None:
    story.issue()
    story.deliver("r1")
    story.deliver("r2", "approve")
    story.examine(score=80)


def test_a_gate_says_who_asks_and_which_jobs_wait_behind_it():
    story = Story()
    merge_asked(story)
    row = asked_of(story)["a1"]
    assert (row["kind"], row["who"], row["pr"], row["urgency"]) == ("merge", "developer", 2, "later")
    assert row["behind"] == ["merge of i1"]
    assert row["answers"] == ["approve", "reject", "send-back"]


def test_what_an_agent_stands_still_for_comes_first():
    story = Story()
    merge_asked(story)
    story.issue("Another")
    story.start("r3")
    story.issue("A third one")
    data = {"approval": "a2", "kind": "permission", "why": "rm -r build", "run": "r3", "instance": "i2"}
    fold(story.state, Event(events.APPROVAL_ASKED, data, time=story.state.now))
    first, second = needs(story.fleet, story.state, story.state.now)
    assert (first["id"], first["urgency"], second["id"]) == ("a2", "now", "a1")
    assert "r4 waits for developer's slot" in first["behind"]


def test_a_quarantine_is_in_it_with_the_runs_that_wait():
    story = Story()
    story.tell(events.AGENT_QUARANTINED, agent="developer", reason="odd", actor="fleet")
    story.issue()
    story.tell("x.y")
    row = asked_of(story)["developer"]
    assert (row["kind"], row["why"], row["answers"]) == ("quarantine", "odd", ["release"])
    assert row["behind"] == ["r1, implement of i1"]
    assert row["waiting_seconds"] > 0
    assert how_many(story.state) == 1


def test_an_agent_out_of_budget_with_work_is_in_it():
    developer = FLEET.agents[0]
    budget = replace(developer.budget, per_day=Limit(cost_micros=1_000_000))
    fleet = replace(FLEET, agents=(replace(developer, budget=budget), *FLEET.agents[1:]))
    story = Story(fleet)
    story.issue()
    story.start("r1")
    story.about("r1", events.RUN_SPENT, cost_micros=1_000_000, tokens=1)
    story.about("r1", events.RUN_REPORTED, verdict="done", text="as asked")
    story.end("r1", commits=1)
    assert asked_of(story) == {}
    story.issue("One more")
    row = asked_of(story)["developer"]
    assert (row["kind"], row["answers"]) == ("budget", [])
    assert "cost of the day is used up" in row["why"]


def test_of_two_that_are_as_urgent_the_longer_wait_comes_first():
    story = Story()
    merge_asked(story)
    story.issue("Another")
    for run, verdict in (("r3", "done"), ("r4", "approve")):
        story.deliver(run, verdict)
    story.examine(score=90)
    assert list(asked_of(story)) == ["a1", "a2"]


@pytest.mark.parametrize(
    ("mine", "shared", "place", "until"),
    [
        (Limit(), Ceilings(per_week=Limit(cost_micros=1_000_000)), "budget.per_week", "2026-01-05"),
        (Limit(), Ceilings(per_item=Limit(cost_micros=1_000_000)), "budget.per_item", ""),
        (Limit(cost_micros=1_000_000), Ceilings(), "agents.developer.budget.per_week", "2026-01-05"),
    ],
)
def test_what_is_out_of_budget_says_until_when_and_where_it_is_raised(mine, shared, place, until):
    developer = replace(FLEET.agents[0], budget=replace(FLEET.agents[0].budget, per_week=mine))
    story = Story(replace(FLEET, agents=(developer, *FLEET.agents[1:]), budget=shared))
    story.issue()
    story.start("r1")
    story.about("r1", events.RUN_SPENT, cost_micros=1_000_000, tokens=1)
    story.issue("One more")
    assert asked_of(story) == {}  # what is only set aside may be free again
    story.about("r1", events.RUN_REPORTED, verdict="done", text="as asked")
    story.end("r1", commits=1)
    row = next(row for row in asked_of(story).values() if row["kind"] == "budget")
    assert place in row["do"].split()
    assert row["why"].partition("; until ")[2].startswith(until)
