"""A person takes a run's work into their own hands, and gives it back."""

from __future__ import annotations

import pytest
from tests.engine.conftest import Stage, assert_merged, commits, git

from fleet.model import events
from fleet.model.event import Event
from fleet.model.fleet import Fleet
from fleet.surfaces import deeds

pytestmark = pytest.mark.slow

WAITS = {
    "cases": [
        {"when": {"prompt": "I chose blue"}, "steps": commits("what the agent adds")},
        {"steps": [{"say": "Which colour would they like?"}, {"wait_input": 60}]},
    ]
}
LEFT = {"commits": "", "uncommitted": ""}


def taken(stage: Stage) -> Fleet:
    """A fleet whose first run was taken over while it worked."""
    fleet = stage.pair(WAITS)
    stage.issue()

    def take(event: Event) -> None:
        if event.data["run"] == "r1":
            stage.append(*deeds.taken_over(stage.state(), "user/mia", "r1", "claude --resume=x"))

    assert stage.watch(fleet, heard={events.RUN_CONVERSED: take}) == 3
    return fleet


def test_a_run_that_is_taken_over_ends_and_its_job_waits_for_the_hand_back(stage: Stage):
    fleet = taken(stage)
    assert stage.state().runs["r1"].outcome == "stopped"
    asked = stage.board(fleet)["approvals"]
    assert [(each["kind"], each["do"]) for each in asked] == [("takeover", "fleet handback r1")]


def test_a_takeover_is_no_failure_of_the_agent(stage: Stage):
    taken(stage)
    assert stage.state().agents["dev"].failures == 0


def test_the_agent_goes_on_in_its_conversation_and_knows_what_was_done(stage: Stage):
    fleet = taken(stage)
    stage.append(*deeds.handed_back(stage.state(), "user/mia", "r1", "I chose blue.", LEFT))
    assert stage.watch(fleet) == 0
    assert {"type": "message", "text": "resumed"} in stage.said("r2")
    assert_merged(stage, fleet)


def test_what_the_person_committed_and_left_is_still_there(stage: Stage):
    fleet = taken(stage)
    folder = stage.place.workspaces / stage.state().runs["r1"].workspace
    (folder / "mine.txt").write_text("by hand\n")
    git(folder, "add", "mine.txt")
    git(folder, "commit", "-q", "-m", "By hand")
    stage.append(*deeds.handed_back(stage.state(), "user/mia", "r1", "I chose blue.", LEFT))
    assert stage.watch(fleet) == 0
    assert (stage.root / "mine.txt").read_text() == "by hand\n"


def test_both_are_in_the_log_with_who_did_it(stage: Stage):
    fleet = taken(stage)
    stage.append(*deeds.handed_back(stage.state(), "user/mia", "r1", "I chose blue.", LEFT))
    stage.watch(fleet)
    kinds = (events.RUN_TAKEN_OVER, events.RUN_HANDED_BACK)
    assert [(each.type, each.source) for kind in kinds for each in stage.events(kind)] == [
        (kind, "user/mia") for kind in kinds
    ]
