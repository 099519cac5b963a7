"""What the end of a session means: how it ended × what it reported × what it was to do."""

from __future__ import annotations

from typing import Any

import pytest

from fleet.model import events
from fleet.model.state import Change, JobRecord
from fleet.policy.outcome import Ending, branch_name, ending_of
from fleet.testing.story import FLEET, Story

HEAD = "d" * 40
EXITED = {"reason": "exited", "code": 0, "finish": "ok"}
CRASHED = {"reason": "exited", "code": None, "signal": 11, "finish": ""}
FAILED = {"reason": "exited", "code": 3, "finish": "error", "error": "it broke"}
CEILING = {"reason": "ceiling", "code": None, "signal": 15, "finish": ""}
SHIM = {"reason": "shim killed", "error": "gone", "finish": ""}
BUDGET = {"reason": "exited", "code": 1, "finish": "budget"}
AUTH = {"reason": "exited", "code": 1, "finish": "auth", "error": "401"}
OVERLOADED = {"reason": "exited", "code": 1, "finish": "overloaded", "error": "529"}
NOT_STARTED = {"reason": "not started", "error": "no harness", "finish": ""}
SPAWN = {"reason": "spawn failed", "error": "no program", "finish": ""}


def _ending(duty: str, exit_: dict[str, Any], verdict: str = "", *, commits: int = 0, **more: Any) -> Ending:
    story = Story()
    story.issue()
    story.start("r1")
    run = story.state.runs["r1"]
    run.duty, run.verdict, run.exit = duty, verdict, exit_
    if duty in ("review", "check", "merge") and more.pop("changed", True):
        run.change = 9
        about = {"item": 1, "instance": "i1", "branch": "b", "base": "main", "head": HEAD}
        story.state.changes[9] = Change(9, **about, author="agent/dev", title="A")
    run.collected = {"head": HEAD if commits else "", "commits": commits, "dirty": more.pop("dirty", [])}
    for name, value in more.items():
        setattr(run, name, value)
    return ending_of(FLEET, story.state, run)


@pytest.mark.parametrize(
    ("duty", "exit_", "verdict", "commits", "expected"),
    [
        # A change is delivered by commits, and by a report or a good end.
        ("change", EXITED, "done", 1, ("succeeded", "done")),
        ("change", EXITED, "", 1, ("succeeded", "done")),
        ("change", EXITED, "done", 0, ("failed", "again")),
        ("change", EXITED, "", 0, ("failed", "again")),
        ("change", CRASHED, "done", 1, ("succeeded", "done")),
        ("change", CRASHED, "", 1, ("failed", "again")),
        ("change", FAILED, "done", 1, ("succeeded", "done")),
        ("change", FAILED, "", 1, ("failed", "again")),
        ("change", CEILING, "done", 1, ("succeeded", "done")),
        ("change", CEILING, "", 1, ("timed_out", "stuck")),
        ("change", SHIM, "done", 1, ("succeeded", "done")),
        ("change", SHIM, "", 1, ("failed", "again")),
        ("change", BUDGET, "", 1, ("over_budget", "stuck")),
        ("change", BUDGET, "done", 1, ("succeeded", "done")),
        ("change", AUTH, "", 0, ("failed", "stuck")),
        ("change", OVERLOADED, "", 0, ("failed", "again")),
        ("change", NOT_STARTED, "", 0, ("failed", "stuck")),
        ("change", SPAWN, "", 0, ("failed", "stuck")),
        # A judgement is a verdict, whatever became of the process, and nothing else is.
        ("review", EXITED, "approve", 0, ("succeeded", "done")),
        ("review", EXITED, "request-changes", 0, ("succeeded", "done")),
        ("review", EXITED, "", 0, ("failed", "again")),
        ("review", CRASHED, "approve", 0, ("succeeded", "done")),
        ("review", CEILING, "", 0, ("timed_out", "stuck")),
        ("check", EXITED, "", 0, ("failed", "again")),
        ("check", EXITED, "approve", 0, ("succeeded", "done")),
        ("merge", EXITED, "", 0, ("failed", "again")),
        ("merge", EXITED, "approve", 0, ("succeeded", "done")),
        # Everything else is done when it was reported, or came to a good end.
        ("report", EXITED, "", 0, ("succeeded", "done")),
        ("report", EXITED, "done", 0, ("succeeded", "done")),
        ("plan", FAILED, "", 0, ("failed", "again")),
        ("triage", FAILED, "done", 0, ("succeeded", "done")),
        ("release", CEILING, "", 0, ("timed_out", "stuck")),
    ],
)
def test_how_a_run_came_out(
    duty: str, exit_: dict[str, Any], verdict: str, commits: int, expected: tuple[str, str]
) -> None:
    found = _ending(duty, exit_, verdict, commits=commits)
    assert (found.outcome, found.after) == expected
    assert found.reason


@pytest.mark.parametrize(("duty", "verdict"), [("review", "request-changes"), ("merge", "approve")])
def test_a_verdict_on_a_change_that_is_not_there_waits_for_a_person(duty: str, verdict: str) -> None:
    found = _ending(duty, EXITED, verdict, changed=False)
    assert (found.outcome, found.after) == ("succeeded", "stuck")
    assert "there is no pull request" in found.reason


@pytest.mark.parametrize("duty", ["change", "report"])
def test_a_question_is_a_question_however_much_was_done(duty: str) -> None:
    found = _ending(duty, EXITED, commits=1, question="Which one?")
    assert (found.outcome, found.kind, found.reason) == ("stopped", "question", "it asks: Which one?")


def test_who_reported_done_after_a_question_needs_no_answer() -> None:
    assert _ending("change", EXITED, "done", commits=1, question="").after == "done"


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("person", ("stopped", "stuck", "stopped")),
        ("quarantine", ("stopped", "again", "")),
        ("over_budget", ("over_budget", "stuck", "over_budget")),
    ],
)
def test_a_run_that_was_stopped_ends_by_who_stopped_it(kind: str, expected: tuple[str, str, str]) -> None:
    found = _ending("change", CEILING, stop_kind=kind, stop_reason="because", commits=0)
    assert (found.outcome, found.after, found.kind) == expected
    assert "because" in found.reason


def test_the_last_attempt_that_fails_asks_a_person() -> None:
    story = Story()
    story.issue()
    story.start("r1")
    run = story.state.runs["r1"]
    run.exit, run.collected = FAILED, {"head": "", "commits": 0}
    story.state.instances["i1"].jobs["implement"] = JobRecord("active", ["r1"], failures=FLEET.attempts - 1)
    found = ending_of(FLEET, story.state, run)
    assert (found.after, found.kind, found.counts) == ("stuck", "failed", True)


@pytest.mark.parametrize("exit_", [OVERLOADED, AUTH, NOT_STARTED, SPAWN])
def test_what_the_agent_cannot_help_does_not_count_against_it(exit_: dict[str, Any]) -> None:
    assert _ending("change", exit_).counts is False


def test_a_run_that_outlives_its_watcher_may_be_unheard_and_one_that_starts_later_is_not() -> None:
    story = Story()
    story.issue()
    story.start("r1")
    story.tell(events.WATCHER_STARTED)
    story.deliver("r1")
    assert [run.unheard for run in story.state.runs.values()] == [True, False]


def test_a_verdict_that_a_dead_watcher_did_not_hear_does_not_count_against_the_agent() -> None:
    found = _ending("review", EXITED, unheard=True)
    assert (found.after, found.counts) == ("again", False)
    assert "it may not have been heard" in found.reason
    assert _ending("review", CRASHED, unheard=True).counts is True


@pytest.mark.parametrize(
    ("exit_", "more", "reason"),
    [
        (CRASHED, {}, "its process was ended by signal 11"),
        ({**FAILED, "error": ""}, {}, "its process ended with exit code 3"),
        (FAILED, {}, "it broke"),
        (SHIM, {}, "shim killed: gone"),
        (
            EXITED,
            {"dirty": ["a.py", "b.py"]},
            "it committed nothing new; it left these uncommitted: a.py, b.py",
        ),
        (EXITED, {"text": "All done."}, "it committed nothing new (it said: All done.)"),
    ],
)
def test_a_failure_says_what_happened(exit_: dict[str, Any], more: dict[str, Any], reason: str) -> None:
    assert _ending("change", exit_, **more).reason == reason


@pytest.mark.parametrize(("commits", "said"), [(1, "1 commit"), (2, "2 commits")])
def test_a_change_says_of_how_many_commits_it_is(commits: int, said: str) -> None:
    assert _ending("change", EXITED, "done", commits=commits).reason == said


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Add a note", "fleet/1-add-a-note"),
        ("  Ünïcödé -- & ../etc; rm -rf ", "fleet/1-n-c-d-etc-rm-rf"),
        ("😀", "fleet/1"),
        ("x" * 200, "fleet/1-" + "x" * 40),
        ("a\nb\t$(id)`id`", "fleet/1-a-b-id-id"),
    ],
)
def test_the_name_of_a_branch_is_made_of_harmless_signs(title: str, name: str) -> None:
    story = Story()
    story.issue(title)
    assert branch_name(story.state, story.state.instances["i1"]) == name


def test_a_second_workflow_on_the_same_item_has_a_branch_of_its_own() -> None:
    story = Story()
    story.issue()
    story.tell(events.WORKFLOW_REQUESTED, name="developer", item=1, text="", actor="user/ann")
    names = {branch_name(story.state, each) for each in story.state.instances.values()}
    assert len(names) == 2
