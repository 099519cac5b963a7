"""What the forge itself asks before a merge, and what people say on it, by the rules alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fleet.model import events
from fleet.model.fleet import Repo, Requirement
from fleet.policy.due import next_due, rest
from fleet.policy.gate import requirements
from fleet.policy.guard import BEGIN_MS
from fleet.policy.land import LONGEST_PAUSE_MS, tried_again_at
from fleet.policy.remarks import Remark, remarks_in
from fleet.policy.rounds import objections
from fleet.testing.story import FLEET, Story

REPO = "acme/shop"
ON_A_FORGE = replace(
    FLEET, forge="github", repos=(Repo(REPO, "main"),), checks=(), merge_gate=(Requirement("review"),)
)


def landing(**guard: Any) -> Story:
    """A change on a forge that its reviewer approves; with `guard`, what the forge asks of it."""
    story = Story(ON_A_FORGE)
    story.issue(ref=f"{REPO}#1", repo=REPO)
    story.start("r1")
    head = "c" * 40
    story.about("r1", events.RUN_REPORTED, verdict="done", text="so")
    story.end("r1", commits=1)
    data = {"change": 2, "item": 1, "instance": "i1", "branch": "fleet/1-x", "base": "main", "head": head}
    data |= {
        "author": "agent/developer",
        "title": "x",
        "maker": "implement",
        "ref": f"{REPO}#2",
        "repo": REPO,
    }
    story.tell(events.CHANGE_OPENED, **data)
    story.tell(events.JOB_FINISHED, instance="i1", job="implement", outcome="done", head=head)
    story.tell(events.EFFECT_DONE, key="publish/r1")
    story.examine()
    story.deliver("r2", "approve")
    if guard:
        asked = {"checks": [], "approvals": 0, "expected": False, **guard}
        story.tell(events.CHANGE_GUARDED, change=2, head=head, **asked)
        story.tell(events.EFFECT_DONE, key=f"guard/2/{head}")
    return story


def wishes(story: Story, kind: str) -> list[str]:
    return [each.key for each in story.state.wishes.values() if each.kind == kind]


def protection(story: Story) -> dict[str, Any]:
    found = requirements(story.fleet, story.state, story.state.changes[2])
    return next((each for each in found if each["name"] == "protection"), {})


def report(story: Story, name: str, state: str) -> None:
    head = story.state.changes[2].head
    story.tell(events.CHANGE_REPORTED, change=2, head=head, name=name, state=state, output="so")


def test_the_forge_is_asked_before_anything_is_merged() -> None:
    story = landing()
    assert len(wishes(story, "guard")) == 1
    assert wishes(story, "merge") == []
    assert protection(story)["met"] is False


def test_where_it_asks_for_nothing_the_merge_follows() -> None:
    story = landing(approvals=0)
    assert len(wishes(story, "merge")) == 1
    assert protection(story) == {}


def test_a_required_check_counts_once_it_has_passed_for_the_head() -> None:
    story = landing(checks=["build"])
    assert "build" in protection(story)["reason"]
    report(story, "build", "pending")
    assert wishes(story, "merge") == []
    report(story, "build", "passed")
    assert len(wishes(story, "merge")) == 1


def test_fleets_own_status_is_not_waited_for() -> None:
    assert len(wishes(landing(checks=["fleet/gates"]), "merge")) == 1


def test_required_approvals_are_peoples() -> None:
    story = landing(approvals=1)
    assert wishes(story, "merge") == []
    head = story.state.changes[2].head
    data = {"change": 2, "head": head, "verdict": "approve", "by": "user/bob", "text": "", "run": ""}
    story.tell(events.CHANGE_REVIEWED, **data, trusted=True)
    assert len(wishes(story, "merge")) == 1


def test_checks_that_are_expected_are_waited_for_and_not_for_ever() -> None:
    story = landing(expected=True)
    assert wishes(story, "merge") == []
    assert rest(story.fleet, story.state) == "busy"
    due = next_due(story.fleet, story.state)
    assert due == story.state.changes[2].updated + BEGIN_MS
    story.now = due
    story.tell(events.CLOCK_TICKED)
    assert len(wishes(story, "merge")) == 1


def test_a_new_head_is_asked_about_anew() -> None:
    story = landing(approvals=0)
    story.tell(events.CHANGE_HEAD_SEEN, change=2, head="d" * 40, was="c" * 40)
    assert story.state.changes[2].guard == {}


def held(story: Story, times: int) -> int:
    """A merge that the forge does not allow; how long it pauses."""
    head = story.state.changes[2].head
    data = {"change": 2, "head": head, "kind": "protected", "reason": "No.", "times": times, "paths": []}
    story.tell(events.CHANGE_HELD, **data)
    for key in wishes(story, "merge"):
        story.tell(events.EFFECT_DONE, key=key)
    return tried_again_at(story.state.changes[2]) - story.state.changes[2].held["time"]


def test_what_the_forge_does_not_allow_is_tried_again_ever_later() -> None:
    pauses = [held(landing(approvals=0), times) for times in (1, 2, 3, 30)]
    assert pauses == [30_000, 60_000, 120_000, LONGEST_PAUSE_MS]


def test_it_is_tried_again_at_once_when_something_happens_to_the_change() -> None:
    story = landing(approvals=0)
    held(story, 5)
    assert wishes(story, "merge") == []
    report(story, "build", "passed")
    assert len(wishes(story, "merge")) == 1


def remark(story: Story, author: str, *, trusted: bool, head: str = "") -> None:
    head = head or story.state.changes[2].head
    said = {"item": 2, "author": author, "text": "Why?", "trusted": trusted, "head": head}
    story.tell(events.ITEM_COMMENTED, **said, path="a.py", line=3)


def test_a_trusted_persons_remark_at_a_line_is_an_objection() -> None:
    story = landing(approvals=1)
    remark(story, "user/bob", trusted=True)
    assert story.state.instances["i1"].round == 2
    assert "a.py:3" in story.state.instances["i1"].jobs["implement"].feedback


def test_remarks_of_others_and_of_older_heads_are_none() -> None:
    story = landing(approvals=1)
    remark(story, "user/eve", trusted=False)
    remark(story, "user/bob", trusted=True, head="e" * 40)
    assert objections(story.state.changes[2]) == []


def command(story: Story, word: str, **more: Any) -> str:
    """A command on the pull request; what became of it."""
    head = story.state.changes[2].head
    data = {
        "item": 2,
        "command": word,
        "args": "",
        "actor": "user/bob",
        "trusted": True,
        "head": head,
        **more,
    }
    story.tell(events.FORGE_COMMANDED, **data)
    return str([e for e in story.log if e.type == events.FORGE_COMMAND_SETTLED][-1].data["reason"])


def test_approve_counts_as_a_review_where_nobody_was_asked() -> None:
    story = landing(approvals=1)
    assert "counts as a review" in command(story, "approve")
    assert len(wishes(story, "merge")) == 1


@pytest.mark.parametrize("head", ["unknown", "f" * 40])
def test_approve_of_another_head_counts_for_nothing(head: str) -> None:
    story = landing(approvals=1)
    assert "new commit" in command(story, "approve", head=head)
    assert wishes(story, "merge") == []


def test_retry_of_what_goes_on_by_itself_does_nothing() -> None:
    assert "nothing stands still" in command(landing(approvals=1), "retry")


def test_a_merge_by_a_person_is_the_end() -> None:
    story = landing(approvals=1)
    story.tell(events.CHANGE_MERGED, change=2, head="c" * 40, sha="d" * 40, actor="user/bob")
    assert story.state.instances["i1"].outcome == "done"
    assert "by user/bob" in story.state.instances["i1"].reason


def test_a_look_that_the_forge_does_not_take_is_not_tried_for_ever() -> None:
    story = landing(approvals=1)
    wish = next(each for each in story.state.wishes.values() if each.kind == "show")
    story.tell(events.FORGE_SHOWN, item=1, digest=wish.args["digest"], final=False, error="410")
    story.tell(events.EFFECT_FAILED, key=wish.key, permanent=True, error="410")
    assert story.state.shown[1] == wish.args["digest"]


@pytest.mark.parametrize(
    ("text", "rest", "found"),
    [
        ("Good.", "Good.", []),
        ("Good.\nsrc/a.py:12: close it", "Good.", [Remark("src/a.py", 12, "close it")]),
        ("- `a.py:3` - so\n  and so", "", [Remark("a.py", 3, "so\nand so")]),
        ("./a.py:3 — so", "", [Remark("a.py", 3, "so")]),
        ("See http://example.org:80: there", "See http://example.org:80: there", []),
        ("At 10:30: lunch", "At 10:30: lunch", []),
        ("a.py:0: no such line", "a.py:0: no such line", []),
    ],
)
def test_remarks_at_lines_are_read_from_a_verdict(text: str, rest: str, found: list[Remark]) -> None:
    assert remarks_in(text) == (rest, found)
