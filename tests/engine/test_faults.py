"""What goes wrong in agents, harnesses and repositories: each ends in a clear state, with its reason."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.engine.conftest import (
    APPROVES,
    CHECKS,
    CODES,
    Stage,
    assert_merged,
    commits,
    git,
    processes,
    unexplained,
    verdict,
    workspaces,
)

from fleet.engine.effects import start
from fleet.model import events
from fleet.model.event import Event
from fleet.model.fleet import Agent, Budget, Fleet, Limit, Requirement

pytestmark = pytest.mark.slow  # each is a story of real processes, and there are many


def hurried(stage: Stage) -> dict[str, object]:
    """Let the pauses between attempts pass at once."""
    return {events.RUN_ENDED: lambda event: stage.clock.jump(60)}


def assert_stands_still(stage: Stage, fleet: Fleet, reason: str) -> None:
    """A person is asked, with this reason on the board, and nothing is left at work."""
    shown = stage.board(fleet)
    assert [each["kind"] for each in shown["approvals"]] == ["failed"]
    assert reason in shown["approvals"][0]["why"]
    assert reason in shown["items"][0]["reason"]
    assert unexplained(stage, fleet) == []
    assert processes(stage) == []


def lone(stage: Stage, script: object, **more: object) -> Fleet:
    """A developer who has one attempt, and a reviewer."""
    return stage.pair(script, attempts=1, **more)


# ------------------------------------------------------------ harnesses


def test_a_harness_that_does_not_exist_is_told_by_name_and_is_not_tried_again(stage: Stage):
    fleet = stage.fleet(
        stage.agent("dev", "change", CODES, harness="gpt-9"), stage.agent("lead", "review", APPROVES)
    )
    stage.issue()
    assert stage.watch(fleet) == 3
    assert_stands_still(stage, fleet, "There is no harness 'gpt-9'")
    assert len(stage.state().runs) == 1


def test_a_harness_whose_program_is_not_installed_says_which_one(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    few = tmp_path / "bin"
    few.mkdir()
    for name in ("git", "sh", "env"):
        (few / name).symlink_to(shutil.which(name) or name)
    monkeypatch.setenv("PATH", str(few))
    fleet = stage.fleet(
        Agent("dev", "change", harness="claude-code"), stage.agent("lead", "review", APPROVES)
    )
    stage.issue()
    assert stage.watch(fleet) == 3
    assert_stands_still(stage, fleet, "claude")


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        ({"exit": 7}, "its process ended with exit code 7"),
        ({"crash": "SIGSEGV"}, "its process was ended by signal 11"),
        ({"fail": "I can't go on."}, "I can't go on."),
        ({"garbage": 300_000}, "it committed nothing new"),
        ({"write": {"path": "a.txt", "content": "x"}}, "it left these uncommitted: a.txt"),
        ({"agent": ["done", "-m", "All is well."]}, "it committed nothing new (it said: All is well.)"),
        ({"exit": 0}, "it committed nothing new"),
    ],
)
def test_an_agent_that_leaves_no_work_says_how_it_ended(stage: Stage, step: object, reason: str):
    fleet = lone(stage, {"steps": [step]})
    stage.issue()
    assert stage.watch(fleet) == 3
    assert_stands_still(stage, fleet, reason)


def test_a_reviewer_without_a_verdict_has_failed(stage: Stage):
    fleet = stage.pair(CODES, {"steps": [{"say": "Looks nice."}]}, attempts=1)
    stage.issue()
    assert stage.watch(fleet) == 3
    assert_stands_still(stage, fleet, "it ended without a verdict")


def test_nothing_begins_on_a_full_disk_and_it_uses_up_no_attempt(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
):
    fleet = stage.pair(CODES, APPROVES, attempts=1)
    stage.issue()
    seen: list[str] = []

    def room(event: Event) -> None:
        if event.data["key"] == "start/r1":
            seen.append(str(event.data["error"]))
            monkeypatch.undo()
            stage.clock.jump(60)

    full = shutil.disk_usage(stage.root)._replace(free=1 << 20)
    monkeypatch.setattr(start, "disk_usage", lambda path: full)
    assert stage.watch(fleet, heard={events.EFFECT_FAILED: room}) == 0
    assert "r1 can't begin yet because the disk is full: 1024 kB are free" in seen[0]
    assert_merged(stage, fleet)
    assert len(seen) == 1


def test_the_next_attempt_is_told_why_the_last_one_failed(stage: Stage):
    code = {
        "cases": [{"when": {"prompt": "exit code 7"}, "steps": commits("a note")}, {"steps": [{"exit": 7}]}]
    }
    fleet = stage.pair(code)
    stage.issue()
    assert stage.watch(fleet, heard=hurried(stage)) == 0
    assert_merged(stage, fleet)
    assert "The last attempt (r1) failed: its process ended with exit code 7" in stage.prompt("r2")["text"]


def test_pauses_between_attempts_are_shown(stage: Stage):
    code = {
        "cases": [{"when": {"prompt": "exit code 7"}, "steps": commits("a note")}, {"steps": [{"exit": 7}]}]
    }
    fleet = stage.pair(code)
    stage.issue()
    shown: list[str] = []

    def look(event) -> None:
        if event.data["attempt"] == 2:
            shown.append(stage.board(fleet)["queue"][0]["reason"])
            stage.clock.jump(60)

    assert stage.watch(fleet, heard={events.RUN_QUEUED: look}) == 0
    assert shown[0].startswith("backs off for 1 s")


def test_what_an_agent_prints_in_garbage_harms_nobody(stage: Stage):
    fleet = stage.pair({"steps": [{"garbage": 2_000_000}, *commits("a note")]})
    stage.issue()
    assert stage.watch(fleet) == 0
    assert_merged(stage, fleet)


def test_what_an_agent_leaves_behind_as_a_daemon_ends_with_its_run(stage: Stage):
    fleet = stage.pair({"steps": [{"daemon": 600}, *commits("a note")]})
    stage.issue()
    assert stage.watch(fleet) == 0
    assert_merged(stage, fleet)
    assert processes(stage) == []


def test_an_agent_that_will_not_end_is_ended_at_its_ceiling_with_all_it_started(stage: Stage):
    budget = Budget(per_run=Limit(time_ms=1000))
    script = {"steps": [{"ignore_sigterm": True}, {"daemon": 600}, {"sleep": 600}]}
    fleet = stage.fleet(
        stage.agent("dev", "change", script, budget=budget), stage.agent("lead", "review", APPROVES)
    )
    stage.issue()
    assert stage.watch(fleet) == 3
    run = stage.state().runs["r1"]
    assert (run.outcome, run.reason) == ("timed_out", "its ceiling of 1 s was reached")
    assert processes(stage) == []
    assert unexplained(stage, fleet) == []


# ------------------------------------------------------------ workspaces


def test_an_agent_that_deletes_its_branch_is_told_and_begins_anew(stage: Stage):
    gone = [{"run": "git checkout -q --detach && git branch -qD fleet/1-add-a-note"}]
    code = {
        "cases": [
            {"when": {"prompt": "is gone in its workspace"}, "steps": commits("a note")},
            {"steps": gone},
        ]
    }
    fleet = stage.pair(code)
    stage.issue()
    assert stage.watch(fleet, heard=hurried(stage)) == 0
    assert_merged(stage, fleet)


@pytest.mark.parametrize(
    "breaks", ["rm -rf .git", "rm -rf .git/objects .git/HEAD", "echo junk > .git/HEAD", "rm -rf ../*/.git"]
)
def test_an_agent_that_breaks_its_workspace_gets_a_new_one(stage: Stage, breaks: str):
    code = {
        "cases": [
            {"when": {"prompt": "The last attempt"}, "steps": commits("a note")},
            {"steps": [{"run": breaks}, {"say": "Oops."}]},
        ]
    }
    fleet = stage.pair(code)
    stage.issue()
    assert stage.watch(fleet, heard=hurried(stage)) == 0
    assert_merged(stage, fleet)


def test_a_workspace_that_a_person_removes_between_rounds_is_made_anew(stage: Stage):
    fleet = stage.pair(
        {"cases": [{"when": {"round": 1}, "steps": commits("one")}, {"steps": commits("two")}]},
        {
            "cases": [
                {"when": {"round": 1}, "steps": verdict("request-changes", "Two.")},
                {"steps": verdict("approve", "Ok.")},
            ]
        },
    )
    stage.issue()
    heard = {events.JOB_SENT_BACK: lambda _: shutil.rmtree(stage.place.workspaces / "i1-implement")}
    assert stage.watch(fleet, heard=heard) == 0
    assert (stage.root / "notes.txt").read_text() == "one\ntwo\n"
    assert_merged(stage, fleet)


def test_a_session_whose_folder_a_person_removes_is_lost_and_tried_again(stage: Stage):
    code = {"cases": [{"when": {"prompt": "folder is gone"}, "steps": commits("a note")}, {"steps": []}]}
    code["cases"][1]["steps"] = [{"sleep": 0.5}]
    fleet = stage.pair(code)
    stage.issue()

    def remove(event) -> None:
        if event.data["run"] == "r1":
            shutil.rmtree(stage.place.runs / "r1")

    heard = hurried(stage) | {events.RUN_STARTED: remove}
    assert stage.watch(fleet, heard=heard) == 0
    assert_merged(stage, fleet)


# ------------------------------------------------------------ the repository


def test_a_repository_without_a_commit_is_told_so(tmp_path: Path):
    root = tmp_path / "shop"
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    stage = Stage(root)
    fleet = stage.pair()
    stage.issue()
    assert stage.watch(fleet) == 3
    assert_stands_still(stage, fleet, "no commit")
    assert stage.state().agents["dev"].failures == 0


def test_a_base_branch_that_is_not_there_is_told_by_name(stage: Stage):
    fleet = stage.pair(base="trunk")
    stage.issue()
    assert stage.watch(fleet) == 3
    assert_stands_still(stage, fleet, "trunk")


def test_once_the_base_branch_is_there_the_work_goes_on(stage: Stage):
    fleet = stage.pair(base="trunk")
    stage.issue()
    stage.watch(fleet)
    git(stage.root, "branch", "trunk")
    stage.approve("a1")
    assert stage.watch(fleet) == 0
    assert git(stage.root, "show", "trunk:notes.txt") == "a note"


def test_a_base_branch_that_is_deleted_in_the_middle_holds_the_merge_and_nothing_is_lost(stage: Stage):
    fleet = stage.pair(merge_gate=(Requirement("human"),))
    stage.issue()
    stage.watch(fleet)
    start = git(stage.root, "rev-parse", "main")
    git(stage.root, "checkout", "-q", "--detach")
    git(stage.root, "branch", "-qD", "main")
    stage.approve("a1")
    assert stage.watch(fleet) == 3
    assert_stands_still(stage, fleet, "it could not be merged")
    git(stage.root, "branch", "main", start)
    stage.approve("a2")
    assert stage.watch(fleet) == 0
    assert git(stage.root, "show", "main:notes.txt") == "a note"


def test_a_base_branch_that_is_deleted_while_checks_run_is_no_fault_of_the_developer(stage: Stage):
    fleet = stage.pair(checks=CHECKS)
    stage.issue()

    def delete(_event) -> None:
        if git(stage.root, "branch", "--list", "main"):
            git(stage.root, "checkout", "-q", "--detach")
            git(stage.root, "branch", "-qD", "main")

    assert stage.watch(fleet, heard={events.RUN_COLLECTED: delete}) == 3
    assert [job for _, job, _ in stage.outcomes()].count("implement") == 1
    assert unexplained(stage, fleet) == []
    assert "main" in stage.board(fleet)["items"][0]["reason"]


def test_checks_that_cannot_be_run_are_run_again_when_a_person_has_put_it_right(stage: Stage):
    fleet = stage.pair(checks=CHECKS, merge_gate=(Requirement("checks"), Requirement("human")))
    stage.issue()
    stage.watch(fleet)
    start = git(stage.root, "rev-parse", "main")
    push_elsewhere = git(stage.root, "commit-tree", "-p", start, "-m", "Later", f"{start}^{{tree}}")
    git(stage.root, "checkout", "-q", "--detach", push_elsewhere)
    git(stage.root, "branch", "-f", "main", push_elsewhere)  # so the checks are to be run again
    stage.approve("a1")
    deleted = {events.BASE_SEEN: lambda _: git(stage.root, "update-ref", "-d", "refs/heads/main")}
    assert stage.watch(fleet, heard=deleted) == 3
    assert_stands_still(stage, fleet, "its checks could not be run")
    git(stage.root, "branch", "main", push_elsewhere)
    stage.approve("a2")
    assert stage.watch(fleet) == 0
    assert git(stage.root, "show", "main:notes.txt") == "a note"


def test_a_branch_of_a_change_that_a_person_deletes_is_still_merged(stage: Stage):
    fleet = stage.pair(merge_gate=(Requirement("human"),))
    stage.issue()
    stage.watch(fleet)
    git(stage.root, "branch", "-qD", "fleet/1-add-a-note")
    stage.approve("a1")
    assert stage.watch(fleet) == 0
    assert_merged(stage, fleet)


def test_a_branch_that_a_person_moved_is_not_overwritten_unseen(stage: Stage):
    fleet = stage.pair(merge_gate=(Requirement("human"),))
    stage.issue()
    stage.watch(fleet)
    git(stage.root, "branch", "-f", "fleet/1-add-a-note", "main")
    stage.approve("a1")
    assert stage.watch(fleet) == 0
    assert git(stage.root, "show", "main:notes.txt") == "a note"
    assert git(stage.root, "branch", "--list", "fleet/*") != ""


def test_a_check_that_nobody_wants_any_more_is_ended_by_the_next_watcher(stage: Stage):
    slow = (type(CHECKS[0])("slow", "sleep 300"),)
    fleet = stage.pair(checks=slow)
    stage.issue()
    with pytest.raises(TimeoutError):
        stage.watch(fleet, seconds=1.5)
    assert [key for key in stage.live() if key.startswith("c2-")] != []
    stage.tell(events.ITEM_CLOSED, item=1, reason="Moot.")
    assert stage.watch(fleet) == 0
    assert (stage.live(), workspaces(stage)) == ([], [])
