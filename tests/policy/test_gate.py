"""The merge gate: what it asks for, for one commit alone, and the words with which it says so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fleet.model import events
from fleet.model.fleet import Requirement
from fleet.model.state import Approval
from fleet.policy.ask import asked_for
from fleet.policy.brief import prompt
from fleet.policy.gate import requirements
from fleet.policy.rounds import objections
from fleet.testing.story import FLEET, Story

CHANGE = 2


def _reviewed(*gate: Requirement, score: int = 5, ok: bool = True) -> Story:
    """A change that its reviewer approves, with its checks and risk told."""
    story = Story(replace(FLEET, merge_gate=gate) if gate else FLEET)
    story.issue()
    story.deliver("r1")
    story.examine(score=score, ok=ok)
    story.deliver("r2", "approve")
    return story


def _asks(story: Story) -> dict[str, dict[str, Any]]:
    return {
        each["name"]: each for each in requirements(story.fleet, story.state, story.state.changes[CHANGE])
    }


def _review(
    story: Story, verdict: str, *, by: str = "user/bob", head: str = "", trusted: bool = True
) -> None:
    head = head or story.state.changes[CHANGE].head
    data = {"change": CHANGE, "head": head, "verdict": verdict, "by": by, "text": "So.", "run": ""}
    story.tell(events.CHANGE_REVIEWED, **data, trusted=trusted)


# ------------------------------------------------------------ reviews


def test_an_approval_is_told_with_its_commit_and_who_gave_it() -> None:
    story = _reviewed(Requirement("review"), Requirement("human"))
    head = story.state.changes[CHANGE].head
    found = _asks(story)["review"]
    assert found == {
        "name": "review",
        "met": True,
        "reason": f"1 of 1 approvals of {head[:12]}, by agent/tech-lead",
        "who": "",
    }


def test_what_is_missing_names_who_can_give_it() -> None:
    story = _reviewed(Requirement("review", approvals=2))
    found = _asks(story)["review"]
    assert found["met"] is False
    assert found["who"] == "a reviewer other than agent/developer: fleet pr review 2 approve"


def test_an_approval_of_another_head_does_not_count() -> None:
    story = _reviewed(Requirement("review", approvals=2))
    _review(story, "approve", head="e" * 40)
    assert _asks(story)["review"]["met"] is False


def test_the_authors_own_approval_does_not_count() -> None:
    story = _reviewed(Requirement("review", approvals=2))
    _review(story, "approve", by="agent/developer")
    assert _asks(story)["review"]["met"] is False


def test_nobody_who_made_an_earlier_head_can_approve_a_later_one() -> None:
    story = _reviewed(Requirement("review", approvals=2))
    change = story.state.changes[CHANGE]
    data = {"change": CHANGE, "head": "e" * 40, "run": "", "author": "agent/other", "maker": "implement"}
    story.tell(events.CHANGE_UPDATED, **data)
    for by in ("agent/developer", "agent/other"):
        _review(story, "approve", by=by)
    assert change.authors == ["agent/developer", "agent/other"]
    assert _asks(story)["review"]["reason"] == f"0 of 2 approvals of {'e' * 12}"


def test_the_same_reviewer_twice_is_one_approval() -> None:
    story = _reviewed(Requirement("review", approvals=2))
    _review(story, "approve", by="agent/tech-lead")
    assert _asks(story)["review"]["met"] is False


def test_the_last_word_of_a_reviewer_counts() -> None:
    story = _reviewed(Requirement("review"), Requirement("human"))
    _review(story, "approve")
    _review(story, "request-changes")
    assert story.state.instances["i1"].round == 2


def test_a_review_by_someone_untrusted_neither_opens_the_gate_nor_sends_anything_back() -> None:
    story = _reviewed(Requirement("review", approvals=2))
    _review(story, "approve", by="user/eve", trusted=False)
    assert _asks(story)["review"]["met"] is False
    _review(story, "request-changes", by="user/eve", trusted=False)
    assert objections(story.state.changes[CHANGE]) == []
    assert story.state.instances["i1"].round == 1


# ------------------------------------------------------------ checks


def test_without_declared_checks_none_are_asked_for() -> None:
    story = _reviewed()
    story.fleet = replace(FLEET, checks=())
    assert _asks(story)["checks"]["reason"] == "fleet.yaml declares no checks"


def test_checks_of_another_base_do_not_count() -> None:
    story = _reviewed(Requirement("checks"), Requirement("human"))
    assert _asks(story)["checks"]["met"] is True
    story.tell(events.BASE_SEEN, sha="f" * 40)
    assert _asks(story)["checks"] == {
        "name": "checks",
        "met": False,
        "reason": "they are being run",
        "who": "fleet",
    }


def test_checks_whose_base_has_moved_wait_for_the_merge_when_nothing_runs_them_before() -> None:
    story = Story(replace(FLEET, merge_gate=(Requirement("checks"),)))
    story.issue()
    story.deliver("r1")
    story.examine()
    story.tell(events.BASE_SEEN, sha="f" * 40)
    found = _asks(story)["checks"]
    assert found["reason"] == "the base has moved on since they ran; they are run again before the merge"
    assert not [wish for wish in story.state.wishes.values() if wish.kind == "check"]


def test_failed_checks_are_named() -> None:
    story = _reviewed(ok=False)
    story.state.changes[CHANGE].checks["base"] = "b" * 40
    found = _asks(story)["checks"]
    assert (found["met"], found["reason"]) == (False, "these fail: test")


def test_a_conflict_with_the_base_is_told_as_one() -> None:
    story = Story()
    story.issue()
    story.deliver("r1")
    data = {"change": CHANGE, "head": story.state.changes[CHANGE].head, "base": "b" * 40, "ok": False}
    merge = {"name": "merge", "ok": False, "conflict": True, "output": "It conflicts with main in: a.py"}
    story.tell(events.CHANGE_CHECKED, **data, results=[merge])
    assert objections(story.state.changes[CHANGE]) == ["It conflicts with main in: a.py"]


def test_checks_that_could_not_be_run_say_why_and_are_no_objection() -> None:
    story = Story()
    story.issue()
    story.deliver("r1")
    head = story.state.changes[CHANGE].head
    data = {"change": CHANGE, "head": head, "base": "b" * 40, "ok": False, "error": "no base"}
    story.tell(events.CHANGE_CHECKED, **data, results=[{"name": "test", "ok": False, "output": "?"}])
    assert _asks(story)["checks"]["reason"] == "they could not be run: no base"
    assert objections(story.state.changes[CHANGE]) == []


# ------------------------------------------------------------ people


@pytest.mark.parametrize(
    ("when", "score", "met", "reason"),
    [
        ("", 0, False, "a person approves it each time"),
        ("risk.score >= 60", 59, True, "not risk.score >= 60 (its risk is 59)"),
        ("risk.score >= 60", 60, False, "risk.score >= 60 (its risk is 60)"),
        ('"docs" in item.labels', 0, True, 'not "docs" in item.labels (its risk is 0)'),
        ('change.author == "developer"', 0, False, 'change.author == "developer" (its risk is 0)'),
        ('change.paths.exists(each, each.startsWith("a"))', 0, False, "its risk is 0"),
        ("change.round > 1", 0, True, "not change.round > 1 (its risk is 0)"),
    ],
)
def test_a_person_is_needed_where_the_condition_holds(when: str, score: int, met: bool, reason: str) -> None:
    story = _reviewed(Requirement("human", when=when), Requirement("review", approvals=2), score=score)
    found = _asks(story)["human"]
    assert found["met"] is met
    assert reason in found["reason"]


@pytest.mark.parametrize("when", ["risk.missing > 1", "risk.score", "1 / 0 > 1"])
def test_a_condition_that_cannot_be_told_needs_a_person(when: str) -> None:
    story = _reviewed(Requirement("human", when=when))
    found = _asks(story)["human"]
    assert found["met"] is False
    assert "could not be told" in found["reason"]
    assert _asked(story)


def test_nobody_is_asked_before_the_risk_is_known() -> None:
    story = Story(replace(FLEET, merge_gate=(Requirement("human", when="risk.score >= 60"),)))
    story.issue()
    story.deliver("r1")
    story.deliver("r2", "approve")
    assert _asks(story)["human"]["reason"] == "its risk is being worked out"
    assert not _asked(story)


def test_nobody_is_asked_while_something_else_is_missing() -> None:
    story = _reviewed(Requirement("human"), Requirement("review", approvals=2))
    assert not _asked(story)
    _review(story, "approve")
    assert story.state.changes[CHANGE].gate[0]["met"] is True  # a person's review is a person's word


def test_a_person_is_asked_once_for_a_commit() -> None:
    story = _reviewed(Requirement("human"))
    story.tell(events.BASE_SEEN, sha="f" * 40)
    assert [each.id for each in story.state.approvals.values()] == ["a1"]


def test_a_question_about_a_commit_lapses_when_there_is_a_new_one() -> None:
    story = _reviewed(Requirement("human"))
    data = {"change": CHANGE, "head": "e" * 40, "run": "", "author": "agent/developer", "maker": "implement"}
    story.tell(events.CHANGE_UPDATED, **data)
    assert story.state.asked == {}
    settled = [event.data["reason"] for event in story.log if event.type == events.APPROVAL_SETTLED]
    assert settled == ["lapsed: the change has a new commit"]


def _asked(story: Story) -> Approval | None:
    return asked_for(story.state, kind="merge", change=CHANGE, head=story.state.changes[CHANGE].head)


# ------------------------------------------------------------ rounds


def test_a_change_goes_back_once_nobody_works_on_it_any_more() -> None:
    story = Story()
    story.issue()
    story.deliver("r1")
    story.deliver("r2", "request-changes", "Louder.")
    assert story.state.instances["i1"].round == 1  # its checks are being run
    story.examine(ok=False)
    assert story.state.instances["i1"].round == 2
    feedback = story.state.runs["r3"].feedback
    assert "agent/tech-lead asks for changes:\nLouder." in feedback
    assert "The check test failed:\n1 failed" in feedback


def _back(*, ok: bool = True) -> Story:
    """A change that went back to its author."""
    story = Story()
    story.issue()
    story.deliver("r1")
    story.examine(ok=ok)
    story.deliver("r2", "request-changes", "Louder.")
    return story


def _answer(story: Story, *dirty: str) -> None:
    """Its author reports done, and has changed nothing."""
    story.start("r3")
    story.about("r3", events.RUN_REPORTED, verdict="done", text="It is right as it is.")
    story.about("r3", events.RUN_EXITED, reason="exited", code=0, finish="ok")
    head = story.state.runs["r3"].head
    story.about("r3", events.RUN_COLLECTED, head=head, commits=0, dirty=list(dirty))
    story.tell(events.EFFECT_DONE, key="collect/r3")


def test_who_asked_for_changes_looks_again_when_the_author_says_why_there_are_none() -> None:
    story = _back()
    assert "say why in `done`" in prompt(story.fleet, story.state, story.state.runs["r3"])
    _answer(story)
    assert story.state.runs["r3"].reason == "it changes nothing, and says why"
    assert story.state.runs["r4"].duty == "review"
    assert "It is right as it is." in prompt(story.fleet, story.state, story.state.runs["r4"])
    assert not _asks(story)["review"]["met"]
    story.deliver("r4", "approve", "So it is.")
    assert _asks(story)["review"]["met"]


def test_a_reviewer_whom_the_answer_does_not_content_uses_up_the_rounds() -> None:
    story = _back()
    _answer(story)
    story.deliver("r4", "request-changes", "No. Louder.")
    assert story.state.instances["i1"].jobs["implement"].kind == "rounds"


def test_who_left_something_uncommitted_has_not_answered() -> None:
    story = _back()
    _answer(story, "notes.txt")
    assert story.state.runs["r3"].outcome == "failed"


def test_no_answer_does_away_with_a_failed_check_or_with_what_a_person_asks_for() -> None:
    checked, asked = _back(ok=False), _back()
    _review(asked, "request-changes")
    for story in (checked, asked):
        assert "say why in `done`" not in prompt(story.fleet, story.state, story.state.runs["r3"])
        _answer(story)
        assert story.state.runs["r3"].outcome == "failed"


def test_after_the_rounds_are_used_up_a_person_is_asked_and_may_add_a_word() -> None:
    story = Story()
    story.issue()
    for run in (1, 3):
        story.deliver(f"r{run}")
        story.examine()
        story.deliver(f"r{run + 1}", "request-changes", "Louder.")
    assert story.state.instances["i1"].jobs["implement"].kind == "rounds"
    story.tell(events.APPROVAL_GIVEN, approval="a1", actor="user/ann", note="Be kind.")
    assert story.state.runs["r5"].feedback.endswith("A person adds:\nBe kind.")
