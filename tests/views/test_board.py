"""The board: what a person sees at a glance, and that nothing bad is hidden from it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.model import events
from fleet.model.fleet import Budget, Limit
from fleet.testing.story import FLEET, NOON, Story
from fleet.testing.world import World
from fleet.views.board import board

RUNNING = {"running": True, "pid": 7}
STOPPED = {"running": False}


def seen(story: Story, watcher: dict[str, Any] = RUNNING) -> dict[str, Any]:
    return board(story.fleet, story.state, story.now, watcher)


def agent(story: Story, name: str, watcher: dict[str, Any] = RUNNING) -> dict[str, Any]:
    return next(each for each in seen(story, watcher)["agents"] if each["name"] == name)


def test_the_contract_of_status_json_holds(story):
    story.issue()
    story.start("r1")
    story.about("r1", events.RUN_ACTED, action="edits a.py")
    story.about("r1", events.RUN_SPENT, cost_micros=250_000, tokens=900)
    found = seen(story)
    assert found["watcher"] == RUNNING
    assert {"agents", "approvals", "queue"} <= found.keys()
    run = agent(story, "developer")["runs"][0]
    expected = {"id": "r1", "job": "implement", "item": 1, "pr": None, "state": "running", "cost": 0.25}
    assert expected.items() <= run.items()
    assert run["last_action"] == "edits a.py"
    assert run["started"] == "2026-01-01T12:00:04.000Z"
    assert run["seconds"] == 3.0
    budget = agent(story, "developer")["budget"]
    assert budget["time"] == {"used": 3.0, "limit": 28_800.0, "left": 28_797.0}
    assert budget["cost"] == {"used": 0.25, "limit": 60.0, "left": 59.75}


def test_an_agent_without_work_is_idle(story):
    assert (agent(story, "developer")["state"], agent(story, "developer")["reason"]) == ("idle", "")


def test_an_agent_with_a_live_run_is_running(story):
    story.issue()
    assert agent(story, "developer")["state"] == "running"
    assert agent(story, "developer")["slots_used"] == 1


def test_an_agent_whose_last_run_failed_says_which_and_why(story):
    story.issue()
    story.start("r1")
    story.end("r1", code=3, finish="error", error="no such model")
    found = agent(story, "developer")
    assert found["state"] == "failed"
    assert "r1 failed: no such model" in found["reason"]
    assert "backs off" in found["reason"]


def test_an_agent_is_well_again_after_a_run_that_succeeded(story):
    story.issue()
    story.start("r1")
    story.end("r1", code=3)
    story.now += 60_000
    story.tell(events.CLOCK_TICKED)
    story.deliver("r2")
    assert agent(story, "developer")["state"] == "idle"


def test_an_agent_that_asks_is_blocked_by_its_question(story):
    story.issue()
    story.start("r1")
    story.about("r1", events.RUN_REPORTED, verdict="ask", text="in which language?")
    story.end("r1")
    found = agent(story, "developer")
    assert found["state"] == "blocked"
    assert "in which language?" in found["reason"]
    assert "fleet approve a1" in found["reason"]


def test_a_quarantined_agent_says_why_and_how_it_is_released(story):
    story.tell(events.AGENT_QUARANTINED, agent="developer", reason="it loops", actor="user/mia")
    found = agent(story, "developer")
    assert (found["state"], found["reason"]) == ("quarantined", 'it loops (fleet release developer -m "why")')


def test_an_agent_without_budget_is_blocked_until_tomorrow():
    poor = Budget(per_day=Limit(tokens=1000))
    story = Story(replace(FLEET, agents=(replace(FLEET.agents[0], budget=poor), FLEET.agents[1])))
    story.issue()
    story.start("r1")
    story.about("r1", events.RUN_SPENT, cost_micros=0, tokens=1000)
    story.about("r1", events.RUN_REPORTED, verdict="done", text="")
    story.end("r1", commits=1)
    found = agent(story, "developer")
    assert found["state"] == "blocked"
    assert "tokens of the day is used up" in found["reason"]
    assert "until 2026-01-02T00:00:00.000Z" in found["reason"]


def test_a_run_that_waits_for_a_slot_says_so(story):
    story.issue()
    story.issue("Another")
    assert [(row["run"], row["waits_for"]) for row in seen(story)["queue"]] == [("r2", "slots")]
    assert seen(story)["queue"][0]["reason"] == "developer has no free slot (1 in use)"


def test_a_run_that_backs_off_says_until_when(story):
    story.issue()
    story.start("r1")
    story.end("r1", code=1)
    row = seen(story)["queue"][0]
    assert row["waits_for"] == "backs off"
    assert row["not_before"] > "2026-01-01T12:00"
    assert row["attempt"] == 2


def test_a_run_whose_agent_is_in_quarantine_says_so(story):
    story.tell(events.AGENT_QUARANTINED, agent="developer", reason="it loops", actor="user/mia")
    story.issue()
    row = seen(story)["queue"][0]
    assert (row["waits_for"], row["reason"]) == ("quarantine", "developer is quarantined: it loops")


def test_with_step_a_run_waits_for_its_handoff():
    story = Story()
    story.tell(events.WATCHER_STARTED, step=True)
    story.issue()
    row = seen(story)["queue"][0]
    assert (row["waits_for"], row["reason"]) == ("person", "waits for handoff approval: fleet approve a1")


def test_a_queued_run_tells_that_the_watcher_does_not_run(story):
    story.issue()
    story.issue("Another")
    story.start("r1")
    story.about("r1", events.RUN_REPORTED, verdict="done", text="")
    story.state.moving.pop("r1")  # as if the slot had come free while nobody watched
    assert seen(story, STOPPED)["queue"][0]["waits_for"] == "watcher"


def test_an_approval_says_what_to_type_and_how_long_it_waits(story):
    story.issue()
    story.deliver("r1")
    story.deliver("r2", "approve")
    story.examine(score=80)
    story.now += 5000
    found = seen(story)["approvals"]
    assert [(each["id"], each["kind"], each["pr"], each["do"]) for each in found] == [
        ("a1", "merge", 2, "fleet approve a1")
    ]
    assert found[0]["waiting_seconds"] >= 5.0
    assert found[0]["why"] == "risk.score >= 60 (its risk is 80)"


def test_an_answered_approval_waits_for_nobody(story):
    story.issue()
    story.deliver("r1")
    story.deliver("r2", "approve")
    story.examine(score=80)
    story.tell(events.APPROVAL_GIVEN, approval="a1", actor="user/mia", note="")
    assert seen(story)["approvals"] == []


def test_an_open_change_shows_its_gate(story):
    story.issue()
    story.deliver("r1")
    found = seen(story)["changes"][0]
    assert found["standing"] == "waits"
    assert [(each["name"], each["met"]) for each in found["gate"]] == [
        ("review", False),
        ("checks", False),
        ("human", False),
        ("guarded files", False),
    ]


def test_a_held_merge_says_on_what(story):
    story.issue()
    story.deliver("r1")
    story.deliver("r2", "approve")
    story.examine()
    head = story.state.changes[2].head
    story.tell(
        events.CHANGE_HELD, change=2, head=head, kind="dirty", reason="a.py has changes", paths=["a.py"]
    )
    found = seen(story)
    assert found["held"][0]["reason"] == "a.py has changes"
    assert found["changes"][0]["standing"] == "held"
    assert "a.py has changes" in found["items"][0]["reason"]


def test_an_issue_without_the_label_says_what_would_start_it(story):
    story.issue("Later", "someday")
    row = seen(story)["items"][0]
    assert (row["state"], row["reason"]) == (
        "idle",
        "no workflow is at work on it; one starts with the label fleet:ready",
    )


def test_an_issue_at_work_names_agent_and_run(story):
    story.issue()
    row = seen(story)["items"][0]
    assert (row["state"], row["reason"]) == ("working", "developer works on implement (r1)")


def test_an_issue_whose_job_gave_up_waits_with_the_reason(story):
    story.issue()
    story.start("r1")
    story.end("r1", reason="ceiling", finish="")
    row = seen(story)["items"][0]
    assert row["state"] == "waits"
    assert "its ceiling of 10 min was reached" in row["reason"]


def test_what_ended_badly_stays_with_its_reason(story):
    story.issue()
    story.start("r1")
    story.end("r1", reason="ceiling", finish="")
    row = seen(story)["ended"][0]
    assert (row["id"], row["outcome"]) == ("r1", "timed_out")
    assert row["reason"] == "its ceiling of 10 min was reached"


def test_an_instance_that_was_given_up_stays_with_its_reason(story):
    story.issue()
    story.tell(events.ITEM_CLOSED, item=1, reason="not wanted", actor="user/mia")
    row = seen(story)["finished"][0]
    assert (row["id"], row["outcome"], row["reason"]) == ("i1", "rejected", "item 1 was closed")


def test_an_effect_that_fails_shows_its_error_and_when_it_is_tried_again(story):
    story.issue()
    story.tell(events.EFFECT_FAILED, key="start/r1", error="disk full", attempt=2, retry_at=story.now + 9000)
    row = seen(story)["effects"][0]
    assert (row["key"], row["error"], row["attempt"]) == ("start/r1", "disk full", 2)
    assert row["retry_seconds"] == 8.0


def test_the_ten_newest_ends_are_shown_newest_first(story):
    for number in range(12):
        story.issue(f"Issue {number}")
        story.deliver(f"r{len(story.state.runs)}", commits=1)
        story.tell(events.ITEM_CLOSED, item=story.state.number - 1, actor="user/mia")
    found = seen(story)["ended"]
    ended = [row["ended"] for row in found if row["outcome"] != "cancelled"]
    assert len(found) == 10
    assert ended == sorted(ended, reverse=True)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**32), chaos=st.sampled_from([0.0, 0.2, 0.6]))
def test_whatever_happens_the_board_is_json_and_gives_every_bad_state_a_reason(
    seed: int, chaos: float
) -> None:
    world = World(FLEET, seed, chaos=chaos)
    for step in range(60):
        world.step()
        if step % 6:
            continue
        found = board(world.fleet, world.state, world.now, RUNNING)
        assert json.loads(json.dumps(found)) == found
        for row in found["agents"]:
            assert row["reason"] or row["state"] in ("idle", "running")
        for row in [*found["queue"], *found["items"], *found["changes"], *found["finished"], *found["held"]]:
            assert row["reason"], row
        for row in found["ended"]:
            assert row["reason"], row
        live = {name for name in world.state.moving if world.state.runs[name].live}
        assert {run["id"] for row in found["agents"] for run in row["runs"]} == live


def test_the_board_changes_nothing(story):
    story.issue()
    before = json.dumps(board(story.fleet, story.state, NOON, RUNNING))
    seq, now = story.state.seq, story.state.now
    seen(story)
    assert (story.state.seq, story.state.now) == (seq, now)
    assert json.dumps(board(story.fleet, story.state, NOON, RUNNING)) == before
