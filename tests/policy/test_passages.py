"""Gates of other actions than a merge: nothing is wished for before they open."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fleet.model import events
from fleet.model.fleet import Fleet, Job, Repo, Requirement
from fleet.model.gates import Asking, Window
from fleet.policy.due import next_due
from fleet.policy.other_gates import gate_rows
from fleet.testing.story import FLEET, NOON, Story
from fleet.views.items import item_row
from fleet.views.why import why

REPO = "acme/shop"
HOUR = 3_600_000
ON_A_FORGE = replace(FLEET, forge="github", repos=(Repo(REPO, "main"),), checks=(), merge_gate=())
EVENING = Requirement("window", window=Window(start=18 * 60, end=20 * 60))


def _gated(fleet: Fleet, **gates: tuple[Requirement, ...]) -> Fleet:
    return replace(fleet, gates=tuple((name.replace("_", "-"), lines) for name, lines in gates.items()))


def _written(**gates: tuple[Requirement, ...]) -> Story:
    """A run has committed, on a forge with these gates."""
    story = Story(_gated(ON_A_FORGE, **gates))
    story.issue(ref=f"{REPO}#1", repo=REPO)
    story.deliver("r1")
    return story


def _wishes(story: Story, kind: str) -> list[str]:
    return [each.key for each in story.state.wishes.values() if each.kind == kind]


def _published(story: Story) -> None:
    """The wish to publish is done: the pull request is there."""
    head = story.state.runs["r1"].collected["head"]
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


def _answer(story: Story, kind: str, approval: str = "a1", by: str = "user/ann") -> None:
    story.tell(kind, approval=approval, actor=by, note="So.", send_back=False)


# ------------------------------------------------------------ push and pull-request


@pytest.mark.parametrize("kind", ["push", "pull_request"])
def test_nothing_goes_to_the_forge_before_a_person_says_so(kind: str) -> None:
    story = _written(**{kind: (Requirement("human"),)})
    assert _wishes(story, "publish") == []
    assert [each.kind for each in story.state.approvals.values()] == ["gate"]
    assert list(story.state.runs) == ["r1"]  # its work is done: nobody is sent to do it again
    assert _wishes(story, "start") == []
    _answer(story, events.APPROVAL_GIVEN)
    assert _wishes(story, "publish") == ["publish/r1"]
    _published(story)
    assert story.state.passages == {}
    assert list(story.state.approvals) == ["a1"]


def test_without_a_gate_it_goes_at_once() -> None:
    assert _wishes(_written(release=(Requirement("human"),)), "publish") == ["publish/r1"]


def test_a_refusal_ends_the_work() -> None:
    story = _written(push=(Requirement("human"),))
    _answer(story, events.APPROVAL_REFUSED)
    assert story.state.instances["i1"].outcome == "rejected"
    assert _wishes(story, "publish") == []


def test_who_let_it_be_pushed_has_not_approved_its_merge() -> None:
    story = _written(push=(Requirement("human"),))
    story.fleet = replace(story.fleet, merge_gate=(Requirement("human"),))
    _answer(story, events.APPROVAL_GIVEN)
    _published(story)
    assert story.state.changes[2].approved_by == []


def test_a_window_holds_it_back_until_it_opens_and_every_screen_says_so() -> None:
    story = _written(push=(EVENING,))
    assert next_due(story.fleet, story.state) == NOON + 6 * HOUR
    row = item_row(story.fleet, story.state, story.state.items[1], story.now, watched=True)
    opens = "it is open every day 18:00-20:00 (UTC); next on Thu 2026-01-01 18:00"
    assert (row["state"], row["reason"]) == ("waits", f"push and pull-request waits: window: {opens}")
    found = why(story.fleet, story.state, story.log, "i1", story.now)
    assert (found["waits_for"], found["chain"][0]["rule"]) == ("time", "runs_to_end")
    story.now = NOON + 6 * HOUR
    story.tell(events.CLOCK_TICKED)
    assert _wishes(story, "publish") == ["publish/r1"]


@pytest.mark.parametrize(
    ("when", "goes"),
    [
        ("change.round == 1 && agent.name == 'developer' && item.labels.exists(l, l == 'fleet:ready')", True),
        ("run.tokens > 5 || change.repo != 'acme/shop'", False),
    ],
)
def test_a_condition_looks_at_the_run_and_at_what_the_change_will_be(when: str, goes: bool) -> None:
    story = _written(push=(Requirement("policy", when=when),))
    assert bool(_wishes(story, "publish")) is goes


def test_a_gate_that_was_taken_away_holds_nothing_back() -> None:
    story = _written(push=(Requirement("human"),))
    story.fleet = ON_A_FORGE
    story.settle()
    assert _wishes(story, "publish") == ["publish/r1"]


def test_who_is_asked_is_reminded_here_too() -> None:
    story = _written(push=(Requirement("human", by=("ann",), asking=Asking(remind_ms=HOUR)),))
    story.now += HOUR
    story.tell(events.CLOCK_TICKED)
    told = [event for event in story.log if event.type == events.APPROVAL_REMINDED]
    assert [(event.data["approval"], event.data["to"]) for event in told] == [("a1", ["ann"])]


# ------------------------------------------------------------ review


def test_an_agents_review_is_not_posted_before_its_gate_opens() -> None:
    story = _written(review=(Requirement("human"),))
    _published(story)
    story.deliver("r2", "approve")
    assert _wishes(story, "post") == []
    _answer(story, events.APPROVAL_GIVEN)
    assert _wishes(story, "post") == ["post/2/r2"]


# ------------------------------------------------------------ release


def _merged(*gate: Requirement) -> Story:
    (feature,) = FLEET.workflows
    jobs = (*feature.jobs, Job("release", action="release", needs=("merge",)))
    fleet = replace(FLEET, workflows=(replace(feature, jobs=jobs),), checks=(), merge_gate=())
    story = Story(_gated(fleet, release=gate))
    story.issue()
    story.deliver("r1")
    story.examine(score=70)
    story.deliver("r2", "approve")
    story.merge()
    return story


def test_a_release_waits_for_its_own_approval() -> None:
    story = _merged(Requirement("human", when="risk.score >= 60"))
    assert _wishes(story, "release") == []
    assert story.state.approvals["a1"].why == "release: risk.score >= 60 (its risk is 70)"
    _answer(story, events.APPROVAL_GIVEN)
    assert _wishes(story, "release") == ["release/i1/release"]


def test_every_gate_on_the_way_says_what_is_missing_and_who_can_meet_it() -> None:
    story = _merged(Requirement("human", by=("ann",)), Requirement("window"))
    change = story.state.changes[2]
    story.fleet = replace(story.fleet, gates=(*story.fleet.gates, ("push", (Requirement("human"),))))
    why = "a person approves it each time; 0 of 1 approvals; asked are ann"
    human, window = gate_rows(story.fleet, story.state, change)
    assert human == ("release: human", f"missing: {why} (who can meet it: ann: fleet approve)")
    assert window[1].startswith("met: ")
    change.ref = "acme/shop#2"
    assert gate_rows(story.fleet, story.state, change)[2:] == [
        ("push", "passed; it asks for a person, always")
    ]


def test_a_gate_that_is_not_due_says_what_it_will_ask_for() -> None:
    story = _merged(Requirement("human", by=("ann",)))
    change = story.state.changes[2]
    story.state.passages.clear()
    assert gate_rows(story.fleet, story.state, change) == [
        ("release", "ahead; it asks for a person (ann), always")
    ]


def test_a_release_may_go_where_its_condition_holds() -> None:
    assert _wishes(_merged(Requirement("policy", when="risk.score < 90")), "release") == [
        "release/i1/release"
    ]


def test_a_question_lapses_with_what_waited_for_it() -> None:
    story = _written(push=(Requirement("human"),))
    data: dict[str, Any] = {"item": 1, "actor": "user/ann", "reason": "No more."}
    story.tell(events.ITEM_CLOSED, **data)
    assert story.state.asked == {}
