"""Which workflows an event starts, and the reason where it starts none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fleet.model import events
from fleet.model.event import Event
from fleet.model.fleet import Agent, Job, Trigger, Workflow
from fleet.policy.route import DEEPEST, MOST_AT_ONCE, triggers_to_route
from fleet.testing.story import FLEET, Story

REPORT = (Job("write", agents=("scribe",)),)
AGENTS = (*FLEET.agents, Agent("scribe", "report"))


def _story(*triggers: Trigger, **more: Any) -> Story:
    digest = Workflow("digest", triggers, REPORT)
    return Story(replace(FLEET, agents=AGENTS, workflows=(digest,), **more))


def _reasons(story: Story) -> list[str]:
    return [event.data["reason"] for event in story.log if event.type == events.TRIGGER_ROUTED]


# ------------------------------------------------------------ issues


@pytest.mark.parametrize(
    ("label", "labels", "starts"),
    [
        ("go", ["go"], True),
        ("go", ["stay", "go"], True),
        ("go", ["Go"], False),
        ("go", [], False),
        ("", [], True),
    ],
)
def test_an_issue_starts_what_its_labels_ask_for(label: str, labels: list[str], starts: bool) -> None:
    story = _story(Trigger("issue", label=label))
    data = {"item": 1, "kind": "issue", "title": "x", "author": "user/ann", "labels": labels}
    story.tell(events.ITEM_OPENED, **data, trusted=True)
    assert bool(story.state.instances) is starts


def test_a_task_that_was_opened_for_a_workflow_starts_no_other() -> None:
    story = _story(Trigger("issue"), Trigger("event", event="a.b"))
    story.tell("a.b")
    assert len(story.state.instances) == 1


@pytest.mark.parametrize("trusted", [False, None, "yes", 1])
def test_only_a_plain_true_is_trust(trusted: object) -> None:
    story = _story(Trigger("issue", label="go"))
    data = {"item": 1, "kind": "issue", "title": "x", "author": "user/eve", "labels": ["go"]}
    story.tell(events.ITEM_OPENED, **data, trusted=trusted)
    assert story.state.instances == {}
    assert "not trusted" in _reasons(story)[0]


def test_a_closed_item_starts_nothing() -> None:
    story = _story(Trigger("issue", label="go"))
    story.tell(events.ITEM_OPENED, item=1, kind="issue", title="x", labels=[], trusted=True)
    story.tell(events.ITEM_CLOSED, item=1, actor="user/ann")
    story.tell(events.ITEM_LABELED, item=1, label="go", actor="user/ann", trusted=True)
    assert _reasons(story)[-1] == "digest: not started, item 1 is closed"


def test_an_item_that_was_given_up_can_be_taken_up_again() -> None:
    story = Story()
    story.issue()
    story.deliver("r1")
    story.tell(events.CHANGE_CLOSED, change=2, reason="no")
    story.tell(events.ITEM_LABELED, item=1, label="fleet:ready", actor="user/ann", trusted=True)
    assert [(each.id, each.outcome) for each in story.state.instances.values()] == [
        ("i1", "rejected"),
        ("i2", ""),
    ]


# ------------------------------------------------------------ events and their filters


@pytest.mark.parametrize(
    ("when", "starts"),
    [
        ("", True),
        ('event.type == "a.b"', True),
        ('event.data.n > 2 && event.source == "ci"', True),
        ("event.data.n > 3", False),
        ('event.data.names.exists(each, each == "x")', True),
        ('has(event.data.missing) && event.data.missing == "x"', False),
    ],
)
def test_a_filter_looks_at_the_event(when: str, starts: bool) -> None:
    story = _story(Trigger("event", event="a.b", when=when))
    story.tell("a.b", source="ci", n=3, names=["x", "y"])
    assert bool(story.state.instances) is starts


def test_a_filter_that_does_not_hold_is_the_reason_why_nothing_starts() -> None:
    story = _story(Trigger("event", event="a.b", when="event.data.n > 3"))
    story.tell("a.b", n=3)
    assert _reasons(story) == ["digest: not started, its filter does not hold"]


@pytest.mark.parametrize(
    "when", ["event.data.missing > 1", "event.data.n", "event.data.n > 'x'", "1 / 0 > 1"]
)
def test_a_filter_that_cannot_be_told_starts_nothing_and_says_why(when: str) -> None:
    story = _story(Trigger("event", event="a.b", when=when))
    story.tell("a.b", n=3)
    assert story.state.instances == {}
    assert _reasons(story)[0].startswith("digest: not started, its filter could not be told: ")


def test_two_triggers_of_one_workflow_that_fit_start_it_once() -> None:
    story = _story(Trigger("event", event="a.b"), Trigger("event", event="a.b", when="true"))
    story.tell("a.b")
    assert len(story.state.instances) == 1


def test_an_event_that_two_workflows_listen_to_starts_both() -> None:
    both = tuple(Workflow(name, (Trigger("event", event="a.b"),), REPORT) for name in ("one", "two"))
    story = Story(replace(FLEET, agents=AGENTS, workflows=both))
    story.tell("a.b")
    assert [each.workflow for each in story.state.instances.values()] == ["one", "two"]


def test_what_an_event_says_becomes_the_task_but_no_more_than_fits() -> None:
    story = _story(Trigger("event", event="a.b"))
    story.tell("a.b", log="x" * 10_000, source="ci")
    item = story.state.items[1]
    assert (item.kind, item.title, item.author, item.trusted) == ("task", "digest: a.b", "ci", False)
    assert len(item.body) == 4000


def test_events_of_fleet_itself_start_only_what_names_them() -> None:
    story = _story(Trigger("event", event=events.CHANGE_OPENED))
    story.tell(events.CONFIG_LOADED, digest="d", triggers=[events.CHANGE_OPENED], schedules=[])
    story.tell(events.BASE_SEEN, sha="c" * 40)
    assert story.state.instances == {}
    story.tell(
        events.CHANGE_OPENED, change=1, item=0, instance="", branch="x", head="c" * 40, author="user/ann"
    )
    assert len(story.state.instances) == 1


def test_a_circle_of_workflows_ends() -> None:
    story = _story(Trigger("event", event="ping"))
    story.tell("ping")
    for run in range(1, DEEPEST + 1):
        story.start(f"r{run}")
        story.tell("ping", story=f"i{run}")
        story.end(f"r{run}")
    story.start(f"r{DEEPEST + 1}")
    story.tell("ping", story=f"i{DEEPEST + 1}")
    assert max(each.depth for each in story.state.instances.values()) == DEEPEST
    assert _reasons(story)[-1].endswith("this looks like a circle")


def test_a_flood_of_events_is_looked_at_in_portions() -> None:
    story = _story(Trigger("event", event="a.b", when="false"))
    story.settle()
    for number in range(MOST_AT_ONCE + 5):
        story._append(Event("a.b", {"n": number}))
    assert len(triggers_to_route(story.fleet, story.state)) == MOST_AT_ONCE
    story.settle()
    assert story.state.pending == {}


# ------------------------------------------------------------ by hand


def test_an_agent_asked_by_hand_has_that_one_job() -> None:
    story = Story()
    story.tell(events.WORKFLOW_REQUESTED, name="developer", item=0, text="Do it\nwell", actor="user/ann")
    instance = story.state.instances["i1"]
    assert (list(instance.jobs), instance.agent, instance.workflow) == (["developer"], "developer", "")
    assert (story.state.items[1].title, story.state.items[1].body) == ("Do it", "Do it\nwell")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({"name": "nobody"}, "there is no agent and no workflow 'nobody' in fleet.yaml"),
        ({"name": ""}, "there is no agent and no workflow '' in fleet.yaml"),
        ({"name": "developer", "item": 7}, "there is no item 7"),
    ],
)
def test_a_request_that_cannot_be_met_says_why(data: dict[str, Any], reason: str) -> None:
    story = Story()
    story.tell(events.WORKFLOW_REQUESTED, **data, text="x", actor="user/ann")
    assert story.state.instances == {}
    assert _reasons(story) == [reason]


# ------------------------------------------------------------ schedules


def test_a_schedule_counts_from_when_it_was_first_read() -> None:
    story = _story(Trigger("schedule", cron="0 13 * * *"))
    story.tell(events.CONFIG_LOADED, digest="d", triggers=[], schedules=["digest"])
    assert story.state.instances == {}
    story.now += 3_600_000
    story.tell(events.CLOCK_TICKED, due=0)
    assert [each.workflow for each in story.state.instances.values()] == ["digest"]


def test_a_schedule_does_not_pile_up_what_can_not_begin() -> None:
    story = _story(Trigger("schedule", cron="* * * * *"))
    story.tell(events.CONFIG_LOADED, digest="d", triggers=[], schedules=["digest"])
    story.tell(events.AGENT_QUARANTINED, agent="scribe", reason="odd", actor="user/mia")
    for _ in range(3):
        story.now += 60_000
        story.tell(events.CLOCK_TICKED)
    assert list(story.state.instances) == ["i1"]
    assert "i1 of it has not begun yet" in _reasons(story)[-1]
    story.tell(events.AGENT_RELEASED, agent="scribe", reason="well", actor="user/mia")
    story.now += 60_000
    story.tell(events.CLOCK_TICKED)
    assert list(story.state.instances) == ["i1", "i2"]


def test_reading_the_configuration_again_does_not_forget_a_schedule() -> None:
    story = _story(Trigger("schedule", cron="0 13 * * *"))
    story.tell(events.CONFIG_LOADED, digest="d", triggers=[], schedules=["digest"])
    story.now += 3_590_000
    story.tell(events.CONFIG_LOADED, digest="e", triggers=[], schedules=["digest"])
    story.now += 10_000
    story.tell(events.CLOCK_TICKED, due=0)
    assert len(story.state.instances) == 1
