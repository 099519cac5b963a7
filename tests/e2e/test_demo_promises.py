"""What `fleet demo` says of itself: a promise that was not kept is never told as kept."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from fleet.model.state import Change, Instance, State
from fleet.surfaces.cli.demo_report import promises
from fleet.surfaces.cli.demo_stage import Stage, git
from fleet.wiring import Place


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    for words in (
        ["init", "-qb", "main"],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", "Begin"],
    ):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    return Stage(Place(tmp_path), "main", git(tmp_path, "rev-parse", "HEAD"), "scripted", ())


def broken(stage: Stage, state: State, *, holds: bool = True, left: tuple[str, ...] = ()) -> list[str]:
    return [each.what for each in promises(stage, state, holds=holds, left=list(left)) if not each.kept]


def test_where_nothing_happened_nothing_of_the_story_counts_as_told(stage):
    assert broken(stage, State()) == [
        "several agents worked side by side",
        "a change was sent back by its reviewer, and accepted then",
        "a risky change waited for a person",
        "an agent was stopped at its run-time ceiling",
        "all that nobody refused was merged",
    ]


def test_a_log_that_does_not_hold_is_told(stage):
    assert "the event log holds" in broken(stage, State(), holds=False)


def test_an_agent_that_still_runs_is_told(stage):
    assert "no agent was left running" in broken(stage, State(), left=("r1",))


def test_a_merge_that_git_does_not_have_is_told(stage):
    state = State()
    state.instances["i1"] = Instance("i1", "feature", 1, "t", 1, change=2)
    state.changes[2] = Change(2, 1, "i1", "fleet/1", "main", "h", "agent/dev", "T", merged="0" * 40)
    assert "git has these merges on main, and no others" in broken(stage, state)


def test_a_commit_on_the_base_that_the_log_does_not_know_is_told(stage):
    git(stage.place.root, "commit", "--quiet", "--allow-empty", "-m", "From elsewhere")
    assert "git has these merges on main, and no others" in broken(stage, State())
