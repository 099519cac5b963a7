"""People among agents: they are asked, they answer, steer, stop, hold and give up."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.engine.conftest import (
    APPROVES,
    CODES,
    Stage,
    assert_merged,
    commits,
    git,
    processes,
    unexplained,
    workspaces,
)

from fleet.model import events
from fleet.model.event import Event
from fleet.model.fleet import Requirement
from fleet.model.setup import Setup
from fleet.wiring import watch

pytestmark = pytest.mark.slow  # each is a story of real processes, and there are many

ASKS = {
    "cases": [
        {"when": {"prompt": "Blue, please"}, "steps": commits("blue")},
        {"steps": [{"say": "Hm."}, {"ask": "Which colour?"}]},
    ]
}
WAITS = {"steps": [{"say": "I wait."}, {"wait_input": 30}, *commits("a note")]}


def test_a_question_of_an_agent_waits_for_a_person(stage: Stage):
    fleet = stage.pair(ASKS)
    stage.issue()
    assert stage.watch(fleet) == 3
    asked = stage.board(fleet)["approvals"]
    assert [(each["kind"], each["why"]) for each in asked] == [("question", "it asks: Which colour?")]
    assert unexplained(stage, fleet) == []


def test_the_answer_resumes_the_agent_in_its_conversation(stage: Stage):
    fleet = stage.pair(ASKS)
    stage.issue()
    stage.watch(fleet)
    stage.approve("a1", "Blue, please.")
    assert stage.watch(fleet) == 0
    assert_merged(stage, fleet)
    assert (stage.root / "notes.txt").read_text() == "blue\n"
    assert {"type": "message", "text": "resumed"} in stage.said("r2")


def test_a_question_is_no_failure_of_the_agent(stage: Stage):
    fleet = stage.pair(ASKS)
    stage.issue()
    stage.watch(fleet)
    assert stage.state().agents["dev"].failures == 0


def test_words_for_a_live_run_reach_its_agent(stage: Stage):
    fleet = stage.pair(WAITS)
    stage.issue()
    heard = {events.RUN_STARTED: lambda event: stage.tell(events.RUN_SAID, run="r1", text="Go on.")}
    assert stage.watch(fleet, heard=heard | {}) == 0
    assert {"type": "message", "text": "Go on."} in stage.said("r1")


def test_words_are_said_once_though_the_watcher_is_another_one(stage: Stage):
    fleet = stage.pair(WAITS)
    stage.issue()
    stage.watch(fleet, heard={events.RUN_STARTED: lambda event: _say_once(stage)})
    stage.watch(fleet)
    assert stage.said("r1").count({"type": "message", "text": "Go on."}) == 1
    assert len([key for key in _wanted(stage) if key.startswith("say/")]) == 1


def _say_once(stage: Stage) -> None:
    if not stage.events(events.RUN_SAID):
        stage.tell(events.RUN_SAID, run="r1", text="Go on.")


def _wanted(stage: Stage) -> list[str]:
    return [event.data["key"] for event in stage.events(events.EFFECT_WANTED)]


# ------------------------------------------------------------ stopping


def test_a_run_that_a_person_stops_waits_for_a_person(stage: Stage):
    fleet = stage.pair({"steps": [{"sleep": 60}]})
    stage.issue()
    heard = {events.RUN_STARTED: lambda event: stage.tell(events.RUN_STOP_ASKED, run="r1", reason="Wrong.")}
    assert stage.watch(fleet, heard=heard) == 3
    run = stage.state().runs["r1"]
    assert (run.outcome, run.reason) == ("stopped", "user/ann stopped it: Wrong.")
    assert [each["kind"] for each in stage.board(fleet)["approvals"]] == ["stopped"]
    assert stage.state().agents["dev"].failures == 0
    assert unexplained(stage, fleet) == []


def test_a_stopped_run_goes_on_when_the_person_says_so(stage: Stage):
    code = {"cases": [{"when": {"prompt": "Faster"}, "steps": commits("a note")}, {"steps": [{"sleep": 60}]}]}
    fleet = stage.pair(code)
    stage.issue()

    def stop(event: Event) -> None:
        if event.data["run"] == "r1":
            stage.tell(events.RUN_STOP_ASKED, run="r1", reason="Too slow.")

    stage.watch(fleet, heard={events.RUN_STARTED: stop})
    stage.approve("a1", "Faster.")
    assert stage.watch(fleet) == 0
    assert_merged(stage, fleet)


def test_a_run_that_is_stopped_before_it_starts_waits_for_a_person_too(stage: Stage):
    fleet = stage.pair({"steps": [{"sleep": 1}, *commits("x", to="$FLEET_RUN.txt")]})
    stage.issue("One")
    stage.issue("Two")

    def stop(event: Event) -> None:
        if event.data["run"] == "r1":
            stage.tell(events.RUN_STOP_ASKED, run="r2", reason="Not this one.")

    assert stage.watch(fleet, heard={events.RUN_STARTED: stop}) == 3
    assert [(each["kind"], each["item"]) for each in stage.board(fleet)["approvals"]] == [("stopped", 2)]
    assert unexplained(stage, fleet) == []


# ------------------------------------------------------------ step by step


def test_with_step_nothing_begins_without_a_person(stage: Stage):
    fleet = stage.pair()
    stage.issue()
    assert stage.watch(fleet, step=True) == 3
    asked = stage.board(fleet)["approvals"]
    assert [(each["kind"], each["job"]) for each in asked] == [("handoff", "implement")]
    assert stage.live() == []
    assert unexplained(stage, fleet) == []


def test_with_step_each_yes_lets_one_run_begin(stage: Stage):
    fleet = stage.pair()
    stage.issue()
    codes = [stage.watch(fleet, step=True)]
    for approval in ("a1", "a2"):
        stage.approve(approval)
        codes.append(stage.watch(fleet, step=True))
    assert codes == [3, 3, 0]
    assert_merged(stage, fleet)


def test_a_refused_handoff_ends_the_story(stage: Stage):
    fleet = stage.pair()
    stage.issue()
    stage.watch(fleet, step=True)
    stage.tell(events.APPROVAL_REFUSED, approval="a1", note="Not today.", send_back=False)
    assert stage.watch(fleet, step=True) == 0
    assert stage.state().instances["i1"].reason == "user/ann refused: Not today."


def test_without_step_nobody_is_asked_any_more(stage: Stage):
    fleet = stage.pair(merge_gate=(Requirement("human"),))
    stage.issue()
    stage.watch(fleet, step=True)
    assert stage.watch(fleet) == 3
    assert [each["kind"] for each in stage.board(fleet)["approvals"]] == ["merge"]


# ------------------------------------------------------------ giving up


def test_closing_an_item_ends_its_work(stage: Stage):
    fleet = stage.pair({"steps": [{"sleep": 60}]})
    stage.issue()
    heard = {events.RUN_STARTED: lambda event: stage.tell(events.ITEM_CLOSED, item=1, reason="Moot.")}
    assert stage.watch(fleet, heard=heard) == 0
    state = stage.state()
    assert (state.instances["i1"].outcome, state.runs["r1"].outcome) == ("rejected", "stopped")
    assert state.instances["i1"].reason == "item 1 was closed"
    assert unexplained(stage, fleet) == []


def test_what_was_given_up_leaves_no_workspace(stage: Stage):
    fleet = stage.pair(merge_gate=(Requirement("human"),))
    stage.issue()
    stage.watch(fleet)
    assert workspaces(stage) != []
    stage.tell(events.ITEM_CLOSED, item=1, reason="Moot.")
    stage.watch(fleet)
    assert workspaces(stage) == []
    assert git(stage.root, "branch", "--list", "--format=%(refname:short)", "fleet/*") == "fleet/1-add-a-note"


def test_what_is_given_up_while_it_works_leaves_no_workspace_either(stage: Stage):
    fleet = stage.pair({"steps": [{"sleep": 60}]})
    stage.issue()
    heard = {events.RUN_STARTED: lambda event: stage.tell(events.ITEM_CLOSED, item=1, reason="Moot.")}
    stage.watch(fleet, heard=heard)
    assert workspaces(stage) == []
    assert Path(stage.place.runs / "r1" / "exit.json").exists()


def test_closing_a_change_ends_its_work(stage: Stage):
    fleet = stage.pair(merge_gate=(Requirement("human"),))
    stage.issue()
    stage.watch(fleet)
    stage.tell(events.CHANGE_CLOSED, change=2, reason="We do it otherwise.")
    assert stage.watch(fleet) == 0
    assert stage.state().instances["i1"].reason == "pull request 2 was closed"
    assert stage.board(fleet)["approvals"] == []


def test_a_job_is_not_begun_a_second_time_while_it_runs(stage: Stage):
    fleet = stage.pair({"steps": [{"sleep": 1}, *commits("a note")]})
    stage.issue()
    retry = {"instance": "i1", "job": "implement", "feedback": ""}
    heard = {events.RUN_STARTED: lambda event: stage.tell(events.JOB_RESUMED, **retry)}
    assert stage.watch(fleet, heard=heard) == 0
    assert [job for _, job, _ in stage.outcomes()] == ["implement", "review"]


# ------------------------------------------------------------ quarantine


FAILS = {"steps": [{"fail": "I can't."}]}


def _hurry(stage: Stage) -> dict[str, object]:
    """Let the pauses between attempts pass at once."""
    return {events.RUN_ENDED: lambda event: stage.clock.jump(60)}


def test_three_failures_in_a_row_put_an_agent_into_quarantine(stage: Stage):
    fleet = stage.pair(FAILS)
    stage.issue()
    assert stage.watch(fleet, heard=_hurry(stage)) == 3
    assert [outcome for _, _, outcome in stage.outcomes()] == ["failed"] * 3
    row = next(each for each in stage.board(fleet)["agents"] if each["name"] == "dev")
    assert row["state"] == "quarantined"
    assert row["reason"].startswith("3 runs failed in a row; the last, r3: ")
    assert unexplained(stage, fleet) == []


def test_another_agent_takes_over_from_one_in_quarantine(stage: Stage):
    fleet = stage.fleet(
        stage.agent("dev", "change", FAILS),
        stage.agent("dev2", "change", CODES),
        stage.agent("lead", "review", APPROVES),
        attempts=5,
    )
    stage.issue()
    assert stage.watch(fleet, heard=_hurry(stage)) == 0
    assert_merged(stage, fleet)
    assert [agent for agent, _, outcome in stage.outcomes() if outcome == "succeeded"] == ["dev2", "lead"]


def test_what_an_agent_in_quarantine_was_to_do_waits_until_it_is_released(stage: Stage):
    fleet = stage.pair()
    stage.tell(events.AGENT_QUARANTINED, agent="dev", reason="I watch it.")
    stage.issue()
    assert stage.watch(fleet) == 3
    assert stage.board(fleet)["queue"][0]["reason"] == "dev is quarantined: I watch it."
    stage.tell(events.AGENT_RELEASED, agent="dev", reason="Fine.")
    assert stage.watch(fleet) == 0
    assert_merged(stage, fleet)


def test_a_run_of_an_agent_that_is_put_into_quarantine_is_stopped(stage: Stage):
    fleet = stage.pair({"steps": [{"sleep": 60}]})
    stage.issue()
    heard = {
        events.RUN_STARTED: lambda event: stage.tell(events.AGENT_QUARANTINED, agent="dev", reason="Stop it.")
    }
    assert stage.watch(fleet, heard=heard) == 3
    assert stage.state().runs["r1"].reason == "dev is quarantined: Stop it."
    assert [each["waits_for"] for each in stage.board(fleet)["queue"]] == ["quarantine"]
    assert unexplained(stage, fleet) == []


def test_a_run_that_is_only_being_made_ready_is_stopped_before_it_begins(stage: Stage):
    begun, came = stage.root.parent / "begun", stage.root.parent / "came"
    code = {"steps": [{"run": f"touch {came}"}, {"sleep": 60}]}
    fleet = stage.pair(code, setup=Setup(f"touch {begun}; sleep 60", time_ms=120_000))
    stage.issue()

    async def quarantined() -> int:
        watching = asyncio.ensure_future(watch(stage.place, fleet, until_idle=True, clock=stage.clock))
        while not begun.exists():
            await asyncio.sleep(0.02)
        stage.tell(events.AGENT_QUARANTINED, agent="dev", reason="Stop it.")
        return await watching

    assert asyncio.run(asyncio.wait_for(quarantined(), 40)) == 3
    assert stage.state().runs["r1"].reason == "dev is quarantined: Stop it."
    assert stage.state().runs["r1"].outcome == "stopped"
    assert (stage.live(), processes(stage), came.exists()) == ([], [], False)
    assert unexplained(stage, fleet) == []


def test_an_agent_that_tries_what_it_may_not_is_put_into_quarantine_by_the_operators_rule(stage: Stage):
    tries = [{"agent": ["review", "approve", "-m", "My own."], "may_fail": True}] * 3
    fleet = stage.pair({"steps": [*tries, {"sleep": 60}]}, quarantine_when="run.denied_actions >= 3")
    stage.issue()
    assert stage.watch(fleet) == 3
    assert stage.state().agents["dev"].quarantined == "the rule run.denied_actions >= 3 holds"
    assert len(stage.events(events.AGENT_DENIED)) == 3
    assert stage.events(events.CHANGE_REVIEWED) == []
