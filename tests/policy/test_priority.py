"""Whose turn it is: what was begun, then by the priority that labels give, then by age; each exactly once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fleet.model import events
from fleet.model.event import Event
from fleet.model.fleet import Repo
from fleet.model.state import Run
from fleet.policy.priority import in_turn, rank
from fleet.testing.story import FLEET, NOON, Story

ON_A_FORGE = replace(FLEET, forge="github", repos=(Repo("acme/shop", "main"),))


@pytest.mark.parametrize(
    ("labels", "found"),
    [
        ([], 2),
        (["bug", "help wanted"], 2),
        (["priority:high"], 1),
        (["Priority: Critical"], 0),
        (["priority/low"], 3),
        (["priority-1"], 1),
        (["P0"], 0),
        (["prio:p3"], 3),
        (["priority:9"], 4),
        (["priority:low", "priority:high"], 1),
        (["priority:whatever", "p10", "top priority"], 2),
    ],
)
def test_labels_give_a_priority(labels: list[str], found: int) -> None:
    assert rank(labels) == found


def labelled(story: Story, number: int, *labels: str, at: int) -> None:
    """An issue of the forge, as its poller tells of it."""
    data = {"item": number, "ref": f"acme/shop#{number}", "repo": "acme/shop", "kind": "issue", "labels": []}
    data |= {"title": f"Issue {number}", "body": "", "author": "user/mia", "trusted": True, "at": at}
    told = [Event(events.ITEM_OPENED, data, source="forge/github")]
    for label in (*labels, "fleet:ready"):
        said = {"item": number, "label": label, "actor": "user/mia", "trusted": True}
        told.append(Event(events.ITEM_LABELED, said, source="forge/github"))
    story._append(*told)


def next_run(story: Story) -> str:
    return next(run.id for run in story.state.runs.values() if run.live)


def give_up(story: Story) -> int:
    """The run that is at work ends for good; the number of its item."""
    run = story.state.runs[next_run(story)]
    story.start(run.id)
    story.about(run.id, events.RUN_STOP_ASKED, reason="enough", kind="person", actor="user/mia")
    story.end(run.id)
    return run.item


def test_the_urgent_comes_first_and_of_equals_the_oldest() -> None:
    story = Story(ON_A_FORGE)
    for number, label in ((1, "priority:low"), (2, ""), (3, "priority:high"), (4, ""), (5, "priority:high")):
        labelled(story, number, *([label] if label else []), at=NOON - 1000 * number)
    story.settle()
    assert [give_up(story) for _ in range(5)] == [5, 3, 4, 2, 1]


def test_a_change_that_was_sent_back_comes_before_new_work() -> None:
    story = Story(ON_A_FORGE)
    for number in (1, 2, 3):
        labelled(story, number, *(["priority:critical"] if number == 3 else []), at=NOON + number)
    run = Run("r9", "i1", "implement", "change", 1, 1, 2, NOON)
    story.settle()
    story.state.instances["i1"].jobs["implement"].runs.insert(0, "r0")
    others = [each for each in story.state.runs.values() if each.item != 1]
    assert in_turn(story.state, [*others, run])[0] is run


def test_a_thousand_issues_are_begun_once_each_in_order() -> None:
    story = Story(ON_A_FORGE)
    for number in range(1, 1001):
        labelled(story, number, *(["priority:high"] if number % 100 == 0 else []), at=NOON + number)
    story.settle()
    begun = [give_up(story) for _ in range(13)]
    assert begun == [*range(100, 1001, 100), 1, 2, 3]
    started = [event.data["item"] for event in story.log if event.type == events.INSTANCE_STARTED]
    assert sorted(started) == list(range(1, 1001))


def test_what_waits_for_its_turn_is_not_shown_anew() -> None:
    story = Story(ON_A_FORGE)
    for number in range(1, 51):
        labelled(story, number, at=NOON + number)
    story.settle()
    shown = [each for each in story.state.wishes.values() if each.kind == "show"]
    assert [each.args["item"] for each in shown] == [1]
