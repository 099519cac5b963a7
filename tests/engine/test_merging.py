"""What stands between a change and the base: reviews, checks, people, conflicts, the user's checkout."""

from __future__ import annotations

import re

import pytest
from tests.engine.conftest import (
    APPROVES,
    BUDGET,
    CHECKS,
    CODES,
    CODES_A_FILE_EACH,
    Stage,
    assert_merged,
    commits,
    git,
    unexplained,
    verdict,
)

from fleet.model import events
from fleet.model.event import Event
from fleet.model.fleet import Check, Requirement

pytestmark = pytest.mark.slow  # each is a story of real processes, and there are many

A_PERSON_IF_RISKY = (
    Requirement("review"),
    Requirement("checks"),
    Requirement("human", when="risk.score >= 60"),
)
RISKY = {"steps": [{"run": "seq 2000 > auth.py; mkdir -p .github; seq 900 > .github/ci.yml"}, *commits("x")]}


def push(stage: Stage, name: str, text: str) -> None:
    """A person commits to the base branch in their own checkout."""
    (stage.root / name).write_text(text)
    git(stage.root, "add", "-A")
    git(stage.root, "commit", "-qm", f"Write {name}")


# ------------------------------------------------------------ who merges


def test_an_agent_may_decide_whether_a_change_is_merged(stage: Stage):
    fleet = stage.fleet(
        stage.agent("dev", "change", CODES),
        stage.agent("lead", "review", APPROVES),
        stage.agent("release", "merge", APPROVES),
    )
    stage.issue()
    assert stage.watch(fleet) == 0
    assert_merged(stage, fleet)
    assert [agent for agent, _, _ in stage.outcomes()] == ["dev", "lead", "release"]


def test_an_agent_that_finds_a_change_not_ready_sends_it_back(stage: Stage):
    refuses_once = {
        "cases": [
            {"when": {"round": 1}, "steps": verdict("request-changes", "No changelog.")},
            {"steps": verdict("approve", "Ready.")},
        ]
    }
    fleet = stage.fleet(
        stage.agent("dev", "change", CODES),
        stage.agent("lead", "review", APPROVES),
        stage.agent("release", "merge", refuses_once),
    )
    stage.issue()
    assert stage.watch(fleet) == 0
    assert_merged(stage, fleet)
    assert stage.state().instances["i1"].round == 2


# ------------------------------------------------------------ a person's word


def test_a_risky_change_waits_for_a_person(stage: Stage):
    fleet = stage.pair(RISKY, merge_gate=A_PERSON_IF_RISKY)
    stage.issue()
    assert stage.watch(fleet) == 3
    asked = stage.board(fleet)["approvals"]
    assert [(each["kind"], each["pr"], each["do"]) for each in asked] == [("merge", 2, "fleet approve a1")]
    assert "risk.score >= 60" in asked[0]["why"]
    assert git(stage.root, "log", "--format=%s") == "Start"
    assert unexplained(stage, fleet) == []


def test_an_approval_given_while_no_watcher_runs_counts_when_one_does(stage: Stage):
    fleet = stage.pair(RISKY, merge_gate=A_PERSON_IF_RISKY)
    stage.issue()
    stage.watch(fleet)
    stage.approve("a1")
    assert stage.watch(fleet) == 0
    assert_merged(stage, fleet)
    assert "Fleet-Approved-by: user/ann" in git(stage.root, "log", "-1", "--format=%B")


def test_an_approval_given_while_a_watcher_runs_is_seen_at_once(stage: Stage):
    fleet = stage.pair(RISKY, merge_gate=A_PERSON_IF_RISKY)
    stage.issue()
    heard = {events.APPROVAL_ASKED: lambda event: stage.approve(event.data["approval"])}
    assert stage.watch(fleet, heard=heard) == 0
    assert_merged(stage, fleet)


def test_a_harmless_change_needs_no_person(stage: Stage):
    fleet = stage.pair(merge_gate=A_PERSON_IF_RISKY)
    stage.issue()
    assert stage.watch(fleet) == 0


def test_a_refused_change_is_closed_with_the_reason(stage: Stage):
    fleet = stage.pair(merge_gate=(Requirement("review"), Requirement("human")))
    stage.issue()
    stage.watch(fleet)
    stage.tell(events.APPROVAL_REFUSED, approval="a1", note="Not now.", send_back=False)
    assert stage.watch(fleet) == 0
    assert stage.board(fleet)["finished"][0]["reason"] == "user/ann refused: Not now."
    assert git(stage.root, "log", "--format=%s") == "Start"


def test_a_refusal_that_sends_back_is_work_for_the_developer(stage: Stage):
    code = {
        "cases": [
            {"when": {"prompt": "Name the author"}, "steps": commits("by Ann")},
            {"steps": commits("a note")},
        ]
    }
    fleet = stage.pair(code, merge_gate=(Requirement("review"), Requirement("human")))
    stage.issue()
    stage.watch(fleet)
    stage.tell(events.APPROVAL_REFUSED, approval="a1", note="Name the author.", send_back=True)
    assert stage.watch(fleet) == 3
    stage.approve("a2")
    assert stage.watch(fleet) == 0
    assert (stage.root / "notes.txt").read_text() == "a note\nby Ann\n"


def test_a_new_commit_voids_what_was_said_of_the_old_one(stage: Stage):
    fleet = stage.pair(checks=CHECKS, merge_gate=(Requirement("review"), Requirement("human")))
    stage.issue()
    stage.watch(fleet)
    old = stage.state().changes[2].head
    stage.tell(
        events.CHANGE_REVIEWED,
        change=2,
        head=old,
        verdict="request-changes",
        by="user/bob",
        text="Again.",
        run="",
    )
    assert stage.watch(fleet) == 3
    stage.approve("a1")  # too late: it was for the old commit
    assert stage.watch(fleet) == 3
    new = stage.state().changes[2]
    assert new.head != old
    assert new.approved_by == []
    assert [each["head"] for each in new.reviews if each["by"] == "agent/lead"] == [old, new.head]
    assert new.checks["head"] == new.head
    assert [(each["id"], each["head"]) for each in stage.board(fleet)["approvals"]] == [("a2", new.head)]


def test_a_persons_review_counts_as_much_as_an_agents(stage: Stage):
    fleet = stage.pair(merge_gate=(Requirement("review", approvals=2),))
    stage.issue()
    assert stage.watch(fleet) == 3
    assert "1 of 2 approvals" in stage.board(fleet)["items"][0]["reason"]
    head = stage.state().changes[2].head
    review = {"change": 2, "head": head, "verdict": "approve", "by": "user/bob", "text": "Fine.", "run": ""}
    stage.tell(events.CHANGE_REVIEWED, **review)
    assert stage.watch(fleet) == 0
    assert_merged(stage, fleet)


# ------------------------------------------------------------ checks


def test_a_failed_check_goes_back_to_the_developer_with_its_output(stage: Stage):
    code = {
        "cases": [
            {"when": {"prompt": "no tests were found"}, "steps": commits("ok", to="tests.txt")},
            {"steps": commits("a note")},
        ]
    }
    checks = (Check("unit", "test -f tests.txt || { echo no tests were found; exit 7; }"),)
    fleet = stage.pair(code, checks=checks)
    stage.issue()
    assert stage.watch(fleet) == 0
    assert_merged(stage, fleet)
    prompt = stage.prompt([event.data["run"] for event in stage.events(events.RUN_QUEUED)][2])["text"]
    assert "The check unit failed:" in prompt
    assert "[it ended with exit code 7]" in prompt


def test_a_check_whose_program_is_not_there_is_a_persons_affair_and_not_the_developers(stage: Stage):
    fleet = stage.pair(checks=(Check("unit", "no-such-program --all"),))
    stage.issue()
    assert stage.watch(fleet) == 3
    waits = next(iter(stage.state().approvals.values()))
    needs = "unit needs no-such-program, and there is none on the PATH of the watcher"
    assert waits.why == f"its checks could not be run: {needs}"
    assert len([run for run in stage.state().runs.values() if run.duty == "change"]) == 1


def test_a_check_that_does_not_end_fails_at_its_ceiling(stage: Stage):
    fleet = stage.pair(checks=(Check("slow", "sleep 60", time_ms=1000),), rounds=0)
    stage.issue()
    assert stage.watch(fleet) == 3
    output = stage.state().changes[2].checks["results"][0]["output"]
    assert output.endswith("[it was ended after 1 s]")


def test_checks_run_on_the_merge_result_and_not_on_the_branch_alone(stage: Stage):
    fleet = stage.pair(checks=(Check("both", "test -f notes.txt && test -f later.txt"),))
    stage.issue()
    heard = {events.RUN_COLLECTED: lambda _: push(stage, "later.txt", "later\n")}
    assert stage.watch(fleet, heard=heard) == 0
    assert_merged(stage, fleet)


def test_when_the_base_moved_the_checks_run_again_before_the_merge(stage: Stage):
    fleet = stage.pair(checks=CHECKS, merge_gate=(Requirement("checks"), Requirement("human")))
    stage.issue()
    stage.watch(fleet)
    push(stage, "later.txt", "later\n")
    base = git(stage.root, "rev-parse", "main")
    stage.approve("a1")
    assert stage.watch(fleet) == 0
    assert [event.data["base"] for event in stage.events(events.CHANGE_CHECKED)][-1] == base
    assert_merged(stage, fleet)


def test_what_fails_only_together_with_a_moved_base_is_not_merged(stage: Stage):
    checks = (Check("either", "! { test -f notes.txt && test -f later.txt; }"),)
    fleet = stage.pair(checks=checks, rounds=0, merge_gate=(Requirement("checks"), Requirement("human")))
    stage.issue()
    stage.watch(fleet)
    push(stage, "later.txt", "later\n")
    stage.approve("a1")
    assert stage.watch(fleet) == 3
    assert stage.events(events.CHANGE_MERGED) == []
    assert unexplained(stage, fleet) == []


# ------------------------------------------------------------ conflicts


RESOLVES = {
    "cases": [
        {
            "when": {"prompt": "conflicts? .*main"},
            "steps": [
                {"run": "git merge -q main || true; echo both > notes.txt"},
                {"commit": "Resolve"},
                {"agent": ["done", "-m", "Resolved."]},
            ],
        },
        {"steps": commits("a note")},
    ]
}


def test_a_conflict_with_the_base_goes_back_and_is_resolved(stage: Stage):
    fleet = stage.pair(RESOLVES)
    stage.issue()
    heard = {events.RUN_COLLECTED: lambda _: push_once(stage)}
    assert stage.watch(fleet, heard=heard) == 0
    assert_merged(stage, fleet)
    assert (stage.root / "notes.txt").read_text() == "both\n"


def test_a_conflict_is_found_by_the_checks_before_the_review_ends(stage: Stage):
    fleet = stage.pair(RESOLVES, checks=CHECKS)
    stage.issue()
    assert stage.watch(fleet, heard={events.RUN_COLLECTED: lambda _: push_once(stage)}) == 0
    assert stage.events(events.CHANGE_HELD) == []
    assert (stage.root / "notes.txt").read_text() == "both\n"


def push_once(stage: Stage) -> None:
    if not (stage.root / "notes.txt").exists():
        push(stage, "notes.txt", "a person's note\n")


def test_two_changes_of_the_same_line_are_merged_one_after_the_other(stage: Stage):
    code = {
        "cases": [
            {
                "when": {"prompt": "conflicts? .*main"},
                "steps": [
                    {"run": "git merge -q main || true; sort -u notes.txt -o notes.txt"},
                    {"run": "sed -i '/^[<=>]/d' notes.txt; git add -A; git commit -qm Resolve"},
                    {"agent": ["done", "-m", "Resolved."]},
                ],
            },
            {"steps": commits("note of ${FLEET_ITEM}")},
        ]
    }
    code["cases"][1]["steps"][0] = {"run": 'echo "note of $FLEET_ITEM" > notes.txt'}  # type: ignore[index]
    fleet = stage.fleet(
        stage.agent("dev", "change", code, budget=BUDGET, slots=2),
        stage.agent("lead", "review", APPROVES, slots=2),
        checks=CHECKS,
    )
    stage.issue("One")
    stage.issue("Two")
    assert stage.watch(fleet) == 0
    assert_merged(stage, fleet, changes=2)
    assert (stage.root / "notes.txt").read_text() == "note of 1 One\nnote of 2 Two\n"


# ------------------------------------------------------------ the user's checkout


def test_a_merge_waits_for_a_checkout_with_changes_and_leaves_it_alone(stage: Stage):
    fleet = stage.pair()
    stage.issue()
    (stage.root / "README.md").write_text("half a thought\n")
    (stage.root / "notes.txt").write_text("mine\n")
    assert stage.watch(fleet) == 3
    assert (stage.root / "README.md").read_text() == "half a thought\n"
    assert (stage.root / "notes.txt").read_text() == "mine\n"
    assert git(stage.root, "log", "--format=%s") == "Start"
    held = stage.board(fleet)["held"]
    assert [each["pr"] for each in held] == [2]
    assert re.search("notes.txt|uncommitted|changes", held[0]["reason"])
    assert unexplained(stage, fleet) == []


def test_a_merge_goes_on_as_soon_as_the_checkout_is_clean_again(stage: Stage):
    fleet = stage.pair()
    stage.issue()
    (stage.root / "notes.txt").write_text("mine\n")
    stage.watch(fleet)
    (stage.root / "notes.txt").unlink()
    assert stage.watch(fleet) == 0
    assert_merged(stage, fleet)


def test_a_held_merge_holds_the_next_ones_too_and_all_go_on_when_it_does(stage: Stage):
    fleet = stage.pair(CODES_A_FILE_EACH)
    stage.issue("One")
    stage.issue("Two")
    (stage.root / "note-1.txt").write_text("mine\n")
    assert stage.watch(fleet) == 3
    assert unexplained(stage, fleet) == []
    (stage.root / "note-1.txt").unlink()
    assert stage.watch(fleet) == 0
    assert_merged(stage, fleet, changes=2)


def test_a_user_on_another_branch_is_not_disturbed(stage: Stage):
    git(stage.root, "checkout", "-qb", "mine")
    (stage.root / "README.md").write_text("half a thought\n")
    fleet = stage.pair()
    stage.issue()
    assert stage.watch(fleet) == 0
    assert git(stage.root, "branch", "--show-current") == "mine"
    assert (stage.root / "README.md").read_text() == "half a thought\n"
    assert git(stage.root, "show", "main:notes.txt") == "a note"


def test_a_change_can_be_looked_at_by_plain_git(stage: Stage):
    fleet = stage.pair(merge_gate=(Requirement("human"),))
    stage.issue("Add a note!")
    stage.watch(fleet)
    assert git(stage.root, "show", "fleet/1-add-a-note:notes.txt") == "a note"


def test_an_agent_cannot_move_the_base_branch_or_another_change(stage: Stage):
    code = {
        "steps": [
            {
                "run": "git checkout -q main; echo hi > hi.txt; git add -A; git commit -qm sneak",
                "may_fail": True,
            },
            {"run": "git checkout -q fleet/1-add-a-note"},
            *commits("a note"),
        ]
    }
    fleet = stage.pair(code, merge_gate=(Requirement("human"),))
    stage.issue()
    stage.watch(fleet)
    assert git(stage.root, "log", "--format=%s", "main") == "Start"


def test_nothing_an_event_says_of_a_change_can_merge_another_head(stage: Stage):
    fleet = stage.pair(merge_gate=(Requirement("human"),))
    stage.issue()
    stage.watch(fleet)
    stage.append(Event(events.APPROVAL_GIVEN, {"approval": "a7", "actor": "user/eve", "note": ""}))
    assert stage.watch(fleet) == 3
    assert stage.events(events.CHANGE_MERGED) == []
