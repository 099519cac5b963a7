"""Every agent stays inside its budget: in a run, in a day, and when the watcher looks away."""

from __future__ import annotations

import pytest
from tests.engine.conftest import APPROVES, CODES_A_FILE_EACH, Stage, assert_merged, commits, unexplained

from fleet.model import events
from fleet.model.fleet import Budget, Fleet, Limit

pytestmark = pytest.mark.slow  # each is a story of real processes, and there are many

NONE = Limit()
SPENDS = {"steps": [{"spend": {"cost": 0.6, "tokens": 1000}}, *commits("x", to='"$FLEET_RUN".txt')]}


def with_budget(stage: Stage, script: object, per_run: Limit, per_day: Limit = NONE, **more) -> Fleet:
    developer = stage.agent("dev", "change", script, budget=Budget(per_run, per_day), **more)
    return stage.fleet(developer, stage.agent("lead", "review", APPROVES))


def test_a_run_past_its_time_is_ended_and_a_person_is_asked(stage: Stage):
    fleet = with_budget(stage, {"steps": [{"sleep": 60}]}, Limit(time_ms=1000))
    stage.issue()
    assert stage.watch(fleet) == 3
    run = stage.state().runs["r1"]
    assert (run.outcome, run.reason) == ("timed_out", "its ceiling of 1 s was reached")
    assert [each["kind"] for each in stage.board(fleet)["approvals"]] == ["timed_out"]
    assert unexplained(stage, fleet) == []


def test_work_that_was_reported_before_the_time_ran_out_counts(stage: Stage):
    script = {"steps": [*commits("a note"), {"sleep": 60}]}
    fleet = with_budget(stage, script, Limit(time_ms=2000))
    stage.issue()
    assert stage.watch(fleet) == 0
    assert_merged(stage, fleet)


def test_a_run_past_its_cost_is_stopped_and_a_person_is_asked(stage: Stage):
    script = {"steps": [{"spend": {"cost": 0.6, "tokens": 10}}, {"sleep": 60}]}
    fleet = with_budget(stage, script, Limit(cost_micros=500_000))
    stage.issue()
    assert stage.watch(fleet) == 3
    run = stage.state().runs["r1"]
    assert (run.outcome, run.reason) == ("over_budget", "it spent $0.60 of $0.50")
    assert [each["kind"] for each in stage.board(fleet)["approvals"]] == ["over_budget"]
    assert unexplained(stage, fleet) == []


def test_a_run_past_its_tokens_is_stopped(stage: Stage):
    script = {"steps": [{"spend": {"tokens": 5000}}, {"sleep": 60}]}
    fleet = with_budget(stage, script, Limit(tokens=4000))
    stage.issue()
    assert stage.watch(fleet) == 3
    assert stage.state().runs["r1"].reason == "it used 5000 of 4000 tokens"


def test_an_agent_that_has_used_up_its_day_waits_with_the_reason_and_goes_on_the_next_day(stage: Stage):
    fleet = with_budget(stage, SPENDS, Limit(), Limit(tokens=1000))
    stage.issue("One")
    stage.issue("Two")
    assert stage.watch(fleet) == 3
    assert len(stage.events(events.CHANGE_MERGED)) == 1
    row = stage.board(fleet)["queue"][0]
    assert row["waits_for"] == "budget"
    assert "its tokens of the day is used up or set aside (1000 tokens); until 20" in row["reason"]
    assert unexplained(stage, fleet) == []
    stage.clock.jump(24 * 3600)
    assert stage.watch(fleet) == 0
    assert_merged(stage, fleet, changes=2)


def test_a_watcher_that_waits_for_the_next_day_wakes_up_for_it(stage: Stage):
    fleet = with_budget(stage, SPENDS, Limit(), Limit(tokens=1000))
    stage.issue("One")
    stage.issue("Two")
    heard = {events.INSTANCE_FINISHED: lambda event: stage.clock.jump(24 * 3600)}
    assert stage.watch(fleet, heard=heard) == 0
    assert_merged(stage, fleet, changes=2)


def test_what_may_yet_be_spent_is_set_aside_when_runs_start_together(stage: Stage):
    per_run, per_day = Limit(cost_micros=1_000_000), Limit(cost_micros=2_000_000)
    fleet = with_budget(stage, CODES_A_FILE_EACH, per_run, per_day, slots=4)
    for number in range(4):
        stage.issue(f"Issue {number}")
    assert stage.watch(fleet) == 0
    at_once = most = 0
    for event in stage.events():
        if event.type == events.RUN_ADMITTED and event.data["agent"] == "dev":
            at_once += 1
            most = max(most, at_once)
        elif event.type == events.RUN_ENDED and event.data["agent"] == "dev":
            at_once -= 1
    assert most == 2
