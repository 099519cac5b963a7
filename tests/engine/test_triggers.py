"""What starts work, and what does not: labels, people, events, timers, merges."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.engine.conftest import (
    APPROVES,
    CODES,
    CODES_A_FILE_EACH,
    FEATURE,
    READY,
    Stage,
    assert_merged,
    commits,
    git,
    unexplained,
)

from fleet.model import events
from fleet.model.event import Event
from fleet.model.fleet import Fleet, Job, Requirement, Trigger, Workflow

pytestmark = pytest.mark.slow  # each is a story of real processes, and there are many

NOTES = {"steps": [{"agent": ["context"]}, {"agent": ["done", "-m", "Noted."]}]}


def listening(stage: Stage, *triggers: Trigger, script: object = None, **more: object) -> Fleet:
    """A fleet whose one workflow is a job of a reporter."""
    fleet = stage.pair(**more)
    reporter = stage.agent("scribe", "report", script or NOTES)
    digest = Workflow("digest", triggers, (Job("write", agents=("scribe",)),))
    return replace(fleet, agents=(*fleet.agents, reporter), workflows=(*fleet.workflows, digest))


# ------------------------------------------------------------ labels


def test_an_issue_without_the_label_waits(stage: Stage):
    fleet = stage.pair()
    stage.issue(labels=())
    assert stage.watch(fleet) == 0
    assert stage.state().instances == {}
    assert "fleet:ready" in stage.board(fleet)["items"][0]["reason"]


def test_a_label_given_later_starts_the_work(stage: Stage):
    fleet = stage.pair()
    stage.issue(labels=())
    stage.watch(fleet)
    stage.tell(events.ITEM_LABELED, item=1, label=READY, trusted=True)
    assert stage.watch(fleet) == 0
    assert_merged(stage, fleet)


def test_a_label_by_someone_untrusted_starts_nothing(stage: Stage):
    fleet = stage.pair()
    stage.issue(trusted=False)
    stage.append(Event(events.ITEM_LABELED, {"item": 1, "label": READY, "actor": "user/eve"}))
    assert stage.watch(fleet) == 0
    assert stage.state().instances == {}
    reasons = [event.data["reason"] for event in stage.events(events.TRIGGER_ROUTED)]
    assert reasons == ["feature: not started, its actor is not trusted: a person has to set the label"] * 2


def test_the_same_label_twice_starts_one_workflow(stage: Stage):
    fleet = stage.pair()
    stage.issue()
    stage.tell(events.ITEM_LABELED, item=1, label=READY, trusted=True)
    assert stage.watch(fleet) == 0
    assert_merged(stage, fleet)


def test_an_issue_proposed_by_an_agent_starts_nothing(stage: Stage):
    proposes = ["propose", "issue", "--title", "More notes", "--label", READY]
    fleet = stage.pair({"steps": [{"agent": proposes}, *commits("a note")]})
    stage.issue()
    assert stage.watch(fleet) == 0
    assert [item.title for item in stage.state().items.values()] == ["Add a note", "More notes"]
    assert_merged(stage, fleet)


# ------------------------------------------------------------ by hand


def test_a_task_given_to_an_agent_by_hand_is_done_and_its_change_stays_open(stage: Stage):
    fleet = stage.pair()
    stage.tell(events.WORKFLOW_REQUESTED, name="dev", item=0, text="Add a note\nA short one.")
    assert stage.watch(fleet) == 0
    state = stage.state()
    assert (state.items[1].title, state.items[1].kind, state.items[1].open) == ("Add a note", "task", False)
    assert state.instances["i1"].reason == "pull request 2 is open, for a person to merge"
    assert git(stage.root, "show", "fleet/1-add-a-note:notes.txt") == "a note"
    assert unexplained(stage, fleet) == []


def test_a_workflow_started_by_hand_goes_all_the_way(stage: Stage):
    fleet = stage.pair()
    stage.tell(events.WORKFLOW_REQUESTED, name="feature", item=0, text="Add a note")
    assert stage.watch(fleet) == 0
    assert_merged(stage, fleet)


def test_a_workflow_can_be_started_by_hand_for_an_issue_that_is_there(stage: Stage):
    fleet = stage.pair()
    issue = stage.issue(labels=())
    stage.tell(events.WORKFLOW_REQUESTED, name="feature", item=issue, text="")
    assert stage.watch(fleet) == 0
    assert_merged(stage, fleet)
    assert not stage.state().items[issue].open


def test_a_name_that_is_not_declared_is_told_so(stage: Stage):
    fleet = stage.pair()
    stage.tell(events.WORKFLOW_REQUESTED, name="nobody", item=0, text="Hello")
    assert stage.watch(fleet) == 0
    routed = stage.events(events.TRIGGER_ROUTED)
    assert routed[0].data["reason"] == "there is no agent and no workflow 'nobody' in fleet.yaml"


# ------------------------------------------------------------ events


def test_an_event_of_ones_own_starts_what_listens_to_it(stage: Stage):
    when = 'event.data.level == "high" && event.source == "user/ann"'
    fleet = listening(stage, Trigger("event", event="build.failed", when=when))
    stage.append(Event("build.failed", {"level": "low"}, source="user/ann"))
    stage.append(Event("build.failed", {"level": "high", "log": "boom"}, source="user/ann"))
    stage.append(Event("build.failed", {"level": "high"}, source="ci"))
    assert stage.watch(fleet) == 0
    assert [each.workflow for each in stage.state().instances.values()] == ["digest"]
    assert '"log": "boom"' in stage.prompt("r1")["text"]
    assert unexplained(stage, fleet) == []


def test_a_filter_that_fits_no_event_says_so_and_starts_nothing(stage: Stage):
    fleet = listening(stage, Trigger("event", event="build.failed", when="event.data.level > 3"))
    stage.append(Event("build.failed", {"level": "high"}, source="user/ann"))
    assert stage.watch(fleet) == 0
    reason = stage.events(events.TRIGGER_ROUTED)[0].data["reason"]
    assert reason.startswith("digest: not started, its filter could not be told:")


def test_an_agents_own_event_starts_another_agent(stage: Stage):
    fleet = listening(stage, Trigger("event", event="docs.outdated"))
    script = {"steps": [{"agent": ["emit", "docs.outdated", "--data", '{"page": "x"}']}, *commits("a note")]}
    stage.agent("dev", "change", script)
    stage.issue()
    assert stage.watch(fleet) == 0
    assert [each.workflow for each in stage.state().instances.values()] == ["feature", "digest"]
    assert stage.state().instances["i2"].depth == 1


def test_workflows_that_start_one_another_in_a_circle_come_to_an_end(stage: Stage):
    script = {"steps": [{"agent": ["emit", "ping"]}, {"agent": ["done", "-m", "Pinged."]}]}
    fleet = listening(stage, Trigger("event", event="ping"), script=script)
    stage.append(Event("ping", {}, source="user/ann"))
    assert stage.watch(fleet) == 0
    assert [each.depth for each in stage.state().instances.values()] == [0, 1, 2, 3, 4, 5]
    assert stage.events(events.TRIGGER_ROUTED)[-1].data["reason"].endswith("this looks like a circle")


def test_a_merge_starts_what_listens_to_merges(stage: Stage):
    fleet = listening(stage, Trigger("merge"))
    stage.issue()
    assert stage.watch(fleet) == 0
    instances = stage.state().instances
    assert {name: (each.workflow, each.outcome) for name, each in instances.items()} == {
        "i1": ("feature", "done"),
        "i2": ("digest", "done"),
    }
    assert_merged(stage, fleet)


# ------------------------------------------------------------ timers


def test_a_schedule_starts_its_workflow_once_it_is_due(stage: Stage):
    fleet = listening(stage, Trigger("schedule", cron="0 3 * * *"))
    assert stage.watch(fleet) == 0
    assert stage.state().instances == {}
    stage.clock.jump(24 * 3600)
    assert stage.watch(fleet) == 0
    assert [(each.workflow, each.outcome) for each in stage.state().instances.values()] == [
        ("digest", "done")
    ]
    assert stage.state().items[1].title == "digest, by its schedule 0 3 * * *"


def test_a_schedule_that_was_missed_for_a_week_is_made_up_for_once(stage: Stage):
    fleet = listening(stage, Trigger("schedule", cron="0 3 * * *"))
    stage.watch(fleet)
    stage.clock.jump(7 * 24 * 3600)
    stage.watch(fleet)
    stage.watch(fleet)
    assert len(stage.state().instances) == 1


# ------------------------------------------------------------ a changed fleet.yaml


def test_a_changed_configuration_is_told_and_counts_from_then_on(stage: Stage):
    fleet = stage.pair(merge_gate=(Requirement("human"),))
    stage.issue()
    stage.watch(fleet)
    assert stage.watch(replace(fleet, merge_gate=(Requirement("review"),), digest="d2")) == 0
    assert [event.data["digest"] for event in stage.events(events.CONFIG_LOADED)] == ["d1", "d2"]
    assert_merged(stage, fleet)


def test_a_workflow_that_is_gone_from_the_configuration_ends_with_that_reason(stage: Stage):
    fleet = stage.pair(merge_gate=(Requirement("human"),))
    stage.issue()
    stage.watch(fleet)
    gone = replace(fleet, workflows=(), digest="d2")
    assert stage.watch(gone) == 0
    assert stage.state().instances["i1"].reason == "feature is not in fleet.yaml any more"
    assert unexplained(stage, gone) == []


def test_a_job_that_is_gone_from_its_workflow_is_not_waited_for(stage: Stage):
    fleet = stage.fleet(
        stage.agent("dev", "change", CODES),
        stage.agent("lead", "review", APPROVES),
        stage.agent("qa", "check", {"steps": [{"ask": "How?"}]}),
    )
    stage.issue()
    assert stage.watch(fleet) == 3
    jobs = (
        Job("implement", agents=("dev",)),
        Job("review", agents=("lead",), needs=("implement",)),
        Job("merge", action="merge", needs=("review",)),
    )
    fewer = replace(fleet, workflows=(Workflow("feature", FEATURE, jobs),), digest="d2")
    assert stage.watch(fewer) == 0
    assert_merged(stage, fewer)


def test_an_agent_that_is_gone_from_its_job_hands_over_to_the_one_that_is_there(stage: Stage):
    fleet = stage.pair()
    stage.tell(events.AGENT_QUARANTINED, agent="dev", reason="It is to go.")
    stage.issue()
    assert stage.watch(fleet) == 3
    other = stage.fleet(
        stage.agent("dev2", "change", CODES_A_FILE_EACH),
        stage.agent("lead", "review", APPROVES),
        digest="d2",
    )
    assert stage.watch(other) == 0
    assert_merged(stage, other)
