"""Why: every state leads back along its causes to something that a person, an agent or the world did."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.model import events
from fleet.model.errors import FleetError
from fleet.testing.story import FLEET, Story
from fleet.testing.world import World
from fleet.views.why import why


def explained(story: Story, thing: str):
    return why(story.fleet, story.state, story.log, thing, story.now)


def types(found) -> list[str]:
    return [link["type"].removeprefix("fleet.") for link in found["chain"]]


def test_a_failed_run_leads_back_to_the_issue_that_started_it(story):
    story.issue()
    story.start("r1")
    story.end("r1", reason="ceiling", finish="")
    found = explained(story, "r1")
    assert (found["kind"], found["state"]) == ("run", "timed_out")
    assert found["reason"] == "its ceiling of 10 min was reached"
    assert found["waits_for"] == "a person: fleet approve a1"
    assert types(found) == [
        "run.ended",
        "run.collected",
        "run.exited",
        "run.started",
        "run.admitted",
        "run.queued",
        "instance.started",
        "item.opened",
    ]


def test_each_link_names_its_cause_its_rule_and_its_reason(story):
    story.issue()
    story.start("r1")
    story.end("r1", code=3)
    chain = explained(story, "r1")["chain"]
    for link, below in pairwise(chain):
        assert link["cause"] == below["id"]
    assert chain[0]["rule"] == "runs_to_end"
    assert chain[0]["rule_says"].startswith("The outcome of each run whose session has ended")
    assert chain[0]["reason"] == "its process ended with exit code 3"
    assert (chain[-1]["who"], chain[-1]["rule"]) == ("user/mia", "")


def test_a_queued_run_says_what_it_waits_for(story):
    story.issue()
    story.issue("Another")
    assert explained(story, "r2")["waits_for"] == "developer has no free slot (1 in use)"


def test_a_round_is_explained_by_the_review_that_asked_for_it(story):
    story.issue()
    story.deliver("r1")
    story.examine()
    story.deliver("r2", "request-changes", "name the owner")
    chain = explained(story, "r3")["chain"]
    assert "tech-lead reviewed pull request 2: request-changes" in " ".join(link["words"] for link in chain)


def test_a_merged_change_leads_back_to_its_issue(story):
    story.issue()
    story.deliver("r1")
    story.deliver("r2", "approve")
    story.examine()
    story.merge()
    found = explained(story, "#2")
    assert (found["kind"], found["state"]) == ("pr", "merged")
    assert types(found)[0] == "change.merged"
    assert types(found)[-1] == "item.opened"


def test_an_open_change_names_who_can_meet_its_gate(story):
    story.issue()
    story.deliver("r1")
    found = explained(story, "2")
    assert found["state"] == "waits"
    assert "fleet pr review 2 approve" in found["waits_for"]


def test_an_issue_is_explained_by_its_newest_work(story):
    story.issue()
    story.start("r1")
    found = explained(story, "1")
    assert (found["kind"], found["state"]) == ("item", "working")
    assert types(found)[0] == "run.started"


def test_an_issue_that_started_nothing_says_so_and_shows_what_was_routed(story):
    story.issue("Later", "someday")
    found = explained(story, "1")
    assert found["state"] == "idle"
    assert "fleet:ready" in found["reason"]


def test_a_label_by_a_stranger_is_explained_by_its_refusal(story):
    story.issue("Later", "someday")
    story.tell(events.ITEM_LABELED, item=1, label="fleet:ready", actor="user/eve", trusted=False)
    found = explained(story, "1")
    assert (
        found["chain"][0]["reason"]
        == "feature: not started, its actor is not trusted: a person has to set the label"
    )


def test_a_quarantined_agent_leads_to_its_last_failure(story):
    story.issue()
    story.start("r1")
    story.end("r1", code=1)
    for run in ("r2", "r3"):
        story.now = max(story.now, story.state.runs[run].not_before)
        story.tell(events.CLOCK_TICKED)
        story.start(run)
        story.end(run, code=1)
    found = explained(story, "developer")
    assert found["state"] == "quarantined"
    assert found["waits_for"] == 'a person: fleet release developer -m "why"'
    assert types(found)[:2] == ["agent.quarantined", "run.ended"]
    assert "3 runs failed in a row; the last, r3" in found["chain"][0]["reason"]


def test_a_settled_approval_says_who_answered(story):
    story.issue()
    story.deliver("r1")
    story.deliver("r2", "approve")
    story.examine(score=80)
    assert explained(story, "a1")["waits_for"] == "a person: fleet approve a1"
    story.tell(
        events.APPROVAL_GIVEN,
        cause=story.state.approvals["a1"].cause,
        approval="a1",
        actor="user/mia",
        note="fine",
    )
    found = explained(story, "a1")
    assert (found["state"], found["reason"], found["waits_for"]) == ("given", "by user/mia: fine", "")


def test_an_event_is_explained_by_its_own_causes(story):
    story.issue()
    newest = story.log[-1]
    found = explained(story, newest.id)
    assert found["kind"] == "event"
    assert found["chain"][0]["id"] == newest.id


def test_an_event_that_started_nothing_says_why(story):
    event = story.tell(events.ITEM_LABELED, item=1, label="x", actor="user/eve", trusted=False)
    assert explained(story, event.id)["reason"] == "no workflow listens to it"


def test_a_run_whose_name_is_a_number_in_disguise_is_not_found(story):
    with pytest.raises(FleetError, match="There is no '99'"):
        explained(story, "99")


def test_causes_that_form_a_circle_end(story):
    first = story.tell("odd.thing", cause="e99")
    story.log[first.seq - 1] = type(first)(
        first.type, {}, id=first.id, causation_id=first.id, seq=first.seq, time=1
    )
    assert len(explained(story, first.id)["chain"]) == 1


@settings(max_examples=15, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**32), chaos=st.sampled_from([0.0, 0.3, 0.6]))
def test_everything_that_the_log_speaks_of_can_be_explained(seed: int, chaos: float) -> None:
    world = World(FLEET, seed, chaos=chaos)
    for _ in range(60):
        world.step()
    state = world.state
    things = [
        *state.runs,
        *state.instances,
        *state.approvals,
        *map(str, state.items),
        *map(str, state.changes),
    ]
    for thing in [*things, *state.agents]:
        found = why(world.fleet, state, world.log, thing, world.now)
        assert found["state"], thing
        assert json.dumps(found)
        if found["kind"] != "agent":
            assert found["chain"], thing
