"""A bad night with real processes: an agent that loops, and one whose question nobody answers."""

from __future__ import annotations

import pytest
from tests.engine.conftest import APPROVES, BUDGET, Stage, assert_merged, commits

from fleet.model import events
from fleet.model.fleet import Questions

pytestmark = pytest.mark.slow  # each is a story of real processes

FAILS = {"run": "echo 'FAILED test_add: expected 3, got -1'; exit 1", "may_fail": True}
LOOPS = {
    "cases": [
        {"when": {"prompt": "it was stuck"}, "steps": commits("a note")},
        {"steps": [*[FAILS] * 4, {"wait_input": 30}, *[FAILS] * 4, {"sleep": 60}]},
    ]
}


def test_an_agent_that_loops_hears_so_is_stopped_and_its_next_attempt_knows_what_was_tried(stage: Stage):
    fleet = stage.pair(LOOPS)
    stage.issue()
    assert stage.watch(fleet) == 0
    heard = [each["text"] for each in stage.said("r1") if each["type"] == "message"]
    assert any("Fleet, which watches your run, notes" in text for text in heard)
    run = stage.state().runs["r1"]
    assert (run.outcome, run.stop_kind) == ("failed", "stuck")
    assert "failed each time" in stage.prompt("r2")["text"]
    assert_merged(stage, fleet)


def test_a_question_is_answered_by_fleet_yaml_when_nobody_does(stage: Stage):
    script = {
        "cases": [
            {"when": {"prompt": "best judgement"}, "steps": commits("a note")},
            {"steps": [{"ask": "Which?"}]},
        ]
    }
    developer = stage.agent(
        "dev", "change", script, budget=BUDGET, questions=Questions(1000, "Use your best judgement.")
    )
    fleet = stage.fleet(developer, stage.agent("lead", "review", APPROVES))
    stage.issue()
    assert stage.watch(fleet) == 0
    assert [event.data["actor"] for event in stage.events(events.APPROVAL_GIVEN)] == ["fleet/questions"]
    assert_merged(stage, fleet)
