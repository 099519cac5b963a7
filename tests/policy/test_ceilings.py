"""Ceilings that runs share: of an agent's week, a workflow, a work item and the fleet; warnings before them,
and who works instead.
"""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.gateway.requests import to_events
from fleet.model import events
from fleet.model.fleet import Agent, Budget, Ceilings, Fleet, Job, Limit, Trigger, Workflow
from fleet.policy.ceilings import week_of
from fleet.testing.story import Story
from fleet.views.ledger import ledger

DAY_MS = 86_400_000
DOLLAR = 1_000_000
STANDARD = Budget()
REPORT = Workflow("nightly", (Trigger("manual"),), (Job("report", agents=("clerk",)),))


def clerks(budget: Budget = STANDARD, *, slots: int = 1, **more: object) -> Fleet:
    clerk = Agent("clerk", "report", harness="scripted", slots=slots, budget=budget)
    return Fleet("shop", agents=(clerk,), workflows=(REPORT,), **more)  # type: ignore[arg-type]


def ask(story: Story, name: str = "nightly", item: int = 0) -> None:
    story.tell(events.WORKFLOW_REQUESTED, name=name, item=item, text="Go.", actor="user/mia")


def spends(story: Story, run: str, dollars: float, *, ends: bool = True) -> None:
    """A run that does its work well and costs this much, or is stopped on the way."""
    story.start(run)
    story.about(run, events.RUN_SPENT, cost_micros=int(dollars * DOLLAR), tokens=1000)
    if not ends:
        return
    if story.state.runs[run].stop_reason:
        story.tell(events.EFFECT_DONE, key=f"stop/{run}")
        story.end(run, reason="over_budget", code=None, signal=15)
    else:
        story.about(run, events.RUN_REPORTED, verdict="done", text="so")
        story.end(run)


def states(story: Story) -> list[str]:
    return [run.outcome or run.state for run in story.state.runs.values()]


def test_a_recurring_trigger_whose_runs_all_succeed_is_caught_by_what_they_spend():
    """The night of multica-ai/multica #4076: no run fails, none is expensive, and the bill grows."""
    flow = replace(REPORT, budget=Ceilings(per_day=Limit(cost_micros=2 * DOLLAR)))
    story = Story(replace(clerks(), workflows=(flow,)))
    for number in range(1, 11):
        ask(story)
        if story.state.runs[f"r{number}"].state != "starting":
            break
        spends(story, f"r{number}", 0.4)
    assert states(story) == ["succeeded"] * 4 + ["over_budget", "queued"]
    assert sum(run.cost_micros for run in story.state.runs.values()) == 2 * DOLLAR
    story.now += DAY_MS
    story.tell(events.CLOCK_TICKED)
    assert states(story)[-1] == "starting"


def test_the_fleets_ceiling_catches_it_too_whichever_workflow_spends():
    other = replace(REPORT, name="hourly")
    fleet = clerks(budget=Budget(per_run=Limit()), slots=1)
    fleet = replace(fleet, workflows=(REPORT, other), budget=Ceilings(per_day=Limit(cost_micros=DOLLAR)))
    story = Story(fleet)
    ask(story, "nightly")
    spends(story, "r1", 0.5)
    ask(story, "hourly")
    spends(story, "r2", 0.5)
    ask(story, "nightly")
    assert states(story) == ["succeeded", "over_budget", "queued"]


def test_a_week_is_counted_from_monday():
    budget = Budget(per_run=Limit(), per_week=Limit(cost_micros=DOLLAR))
    story = Story(clerks(budget))
    ask(story)
    spends(story, "r1", 1)
    ask(story)
    story.now += DAY_MS
    story.tell(events.CLOCK_TICKED)
    assert states(story)[-1] == "queued"
    monday = week_of(story.now // DAY_MS) + 7
    story.now = monday * DAY_MS
    story.tell(events.CLOCK_TICKED)
    assert states(story)[-1] == "starting"


def test_a_work_item_has_its_own_ceiling():
    fleet = clerks(Budget(per_run=Limit()), slots=2)
    story = Story(replace(fleet, budget=Ceilings(per_item=Limit(cost_micros=DOLLAR))))
    first, second = story.issue("One", "x"), story.issue("Two", "x")
    ask(story, item=first)
    spends(story, "r1", 1)
    ask(story, item=first)
    ask(story, item=second)
    assert states(story) == ["over_budget", "queued", "starting"]


def test_a_passed_ceiling_of_the_fleet_stops_live_runs():
    fleet = clerks(Budget(per_run=Limit(cost_micros=5 * DOLLAR)), slots=2)
    story = Story(replace(fleet, budget=Ceilings(per_day=Limit(cost_micros=10 * DOLLAR))))
    ask(story)
    ask(story)
    spends(story, "r1", 4, ends=False)
    spends(story, "r2", 4, ends=False)
    story.fleet = replace(story.fleet, budget=Ceilings(per_day=Limit(cost_micros=7 * DOLLAR)))
    story.tell(events.CLOCK_TICKED)
    assert {run.stop_kind for run in story.state.runs.values()} == {"over_budget"}
    assert "the fleet's day's ceiling is passed" in story.state.runs["r1"].stop_reason


@settings(max_examples=40, deadline=None)
@given(
    costs=st.lists(st.integers(1, 30), min_size=1, max_size=12),
    ceiling=st.integers(5, 60),
    per_run=st.integers(1, 30),
)
def test_parallel_runs_cannot_overshoot_a_shared_ceiling_together(
    costs: list[int], ceiling: int, per_run: int
) -> None:
    fleet = clerks(Budget(per_run=Limit(cost_micros=per_run)), slots=12)
    story = Story(replace(fleet, budget=Ceilings(per_day=Limit(cost_micros=ceiling))))
    for _ in costs:
        ask(story)
    live = [run for run in story.state.runs.values() if run.live]
    assert sum(run.cost_limit for run in live) <= ceiling
    assert all(run.cost_limit <= per_run for run in live)


def test_tokens_of_live_runs_are_set_aside():
    budget = Budget(per_run=Limit(tokens=600), per_day=Limit(tokens=1000))
    story = Story(clerks(budget, slots=3))
    for _ in range(3):
        ask(story)
    assert [run.token_limit for run in story.state.runs.values()] == [600, 400, 0]
    assert states(story) == ["starting", "starting", "queued"]


def test_half_and_most_of_a_ceiling_are_told_once_each():
    story = Story(clerks(Budget(per_run=Limit(), per_day=Limit(cost_micros=10 * DOLLAR))))
    ask(story)
    story.start("r1")
    for dollars in (1, 5, 6, 7, 8, 9):
        story.about("r1", events.RUN_SPENT, cost_micros=dollars * DOLLAR, tokens=1)
    told = [each.data for each in story.log if each.type == events.BUDGET_WARNED]
    day = [each["percent"] for each in told if each["scope"].startswith("agent/clerk")]
    assert day == [50, 80]


def test_while_an_agents_budget_is_out_its_fallback_does_the_work():
    cheap = Agent("cheap", "report", harness="scripted", model="small")
    fleet = clerks(Budget(per_run=Limit(), per_day=Limit(cost_micros=DOLLAR)))
    first = replace(fleet.agents[0], fallback="cheap")
    story = Story(replace(fleet, agents=(first, cheap)))
    ask(story)
    spends(story, "r1", 1)
    ask(story)
    assert [run.agent for run in story.state.runs.values()] == ["clerk", "cheap"]


def test_waiting_for_the_provider_counts_for_no_budget_of_time():
    story = Story(clerks())
    ask(story)
    story.start("r1")
    waits = {"kind": "rate limit", "reason": "429", "at": story.now, "until": story.now + 600_000}
    story.about("r1", events.RUN_WAITS, **waits)
    story.now += 600_000
    story.about("r1", events.RUN_REPORTED, verdict="done", text="so")
    story.end("r1", ended=story.now)
    spent = next(iter(story.state.agents["clerk"].spent.values()))
    assert spent["time_ms"] < 60_000


def test_an_agent_is_told_what_is_left_of_its_run():
    story = Story(clerks(Budget(per_run=Limit(cost_micros=5 * DOLLAR, tokens=4000))))
    ask(story)
    spends(story, "r1", 1.5, ends=False)
    found = to_events(story.state, "r1", "budget", {})
    assert "$3.50 left of $5.00" in found.message
    assert found.data["tokens"] == {"used": 1000, "limit": 4000, "left": 3000}


def test_what_the_fleet_and_a_workflow_have_used_is_in_the_ledger():
    flow = replace(REPORT, budget=Ceilings(per_week=Limit(cost_micros=9 * DOLLAR)))
    fleet = replace(clerks(), workflows=(flow,), budget=Ceilings(per_day=Limit(cost_micros=5 * DOLLAR)))
    story = Story(fleet)
    ask(story)
    spends(story, "r1", 2)
    rows = {
        (each["scope"], each["window"]): each["cost"]
        for each in ledger(fleet, story.state, story.now)["shared"]
    }
    assert rows[("fleet", "day")] == {"used": 2.0, "limit": 5.0, "left": 3.0}
    assert rows[("workflow/nightly", "week")] == {"used": 2.0, "limit": 9.0, "left": 7.0}


def test_a_session_may_last_longer_by_what_it_waited():
    story = Story(clerks())
    ask(story)
    story.start("r1")
    until = story.now + 600_000
    story.about("r1", events.RUN_WAITS, kind="rate limit", reason="429", at=story.now, until=until)
    assert story.state.wishes["allow/r1"].args["ms"] == 600_000
    story.tell(events.EFFECT_DONE, key="allow/r1")
    heard = {"id": "c1", "kind": "run", "call": "x", "action": "ls", "at": until - 540_000}
    story.about("r1", events.RUN_ACTED, **heard)  # its provider took it back sooner than it had said
    assert story.state.wishes["allow/r1"].args["ms"] == 60_000
