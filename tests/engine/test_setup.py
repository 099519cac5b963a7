"""A new workspace is made ready by the operator's command, or by what it left the last time."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.engine.conftest import Stage, assert_merged, commits, git

from fleet.model import events
from fleet.model.fleet import Check, Fleet
from fleet.model.setup import Setup
from fleet.wiring import open_workspaces

pytestmark = pytest.mark.slow

MAKES = "mkdir deps && cp wanted.txt deps/ && echo once >> {log}"
USES = {"steps": [{"run": "test -f deps/wanted.txt"}, *commits("a note")]}


@pytest.fixture
def project(stage: Stage) -> Stage:
    """A project that wants something, and ignores what is made of it."""
    (stage.root / "wanted.txt").write_text("left-pad\n")
    (stage.root / ".gitignore").write_text(".fleet/\ndeps/\n")
    git(stage.root, "add", ".")
    git(stage.root, "commit", "-q", "-m", "Want something")
    return stage


def fleet_of(stage: Stage, script: object = USES, **more: object) -> Fleet:
    setup = Setup(MAKES.format(log=stage.root / ".fleet/made.log"), cache=("deps",), key=("wanted.txt",))
    return replace(stage.pair(script), setup=replace(setup, **more))  # type: ignore[arg-type]


def made(stage: Stage) -> int:
    """How often the command was run."""
    log = stage.root / ".fleet/made.log"
    return len(log.read_text().splitlines()) if log.exists() else 0


def test_what_the_command_makes_is_there_for_agents_and_checks(project: Stage):
    fleet = replace(fleet_of(project), checks=(Check("ready", "test -f deps/wanted.txt"),))
    project.issue()
    assert project.watch(fleet) == 0
    assert_merged(project, fleet)


def test_what_it_left_is_copied_in_place_of_running_it_again(project: Stage):
    fleet = fleet_of(project)
    for _ in range(2):
        project.issue()
        assert project.watch(fleet) == 0
    assert made(project) == 1


def test_without_a_cache_it_is_run_for_each_workspace_and_not_for_each_round(project: Stage):
    fleet = fleet_of(project, cache=())
    project.issue()
    assert project.watch(fleet) == 0
    assert made(project) == len({run.workspace for run in project.state().runs.values()})


def test_other_files_that_it_depends_on_make_it_run_again(project: Stage):
    fleet = fleet_of(project)
    project.issue()
    project.watch(fleet)
    (project.root / "wanted.txt").write_text("right-pad\n")
    git(project.root, "commit", "-qam", "Want something else")
    project.issue()
    assert project.watch(fleet) == 0
    assert made(project) == 2


def test_what_an_agent_made_it_do_reaches_no_other_workspace(project: Stage):
    evil = {"steps": [{"run": "echo evil > wanted.txt"}, {"commit": "x"}, {"agent": ["done", "-m", "x"]}]}
    fleet = fleet_of(project, evil)
    project.issue()
    project.watch(fleet)
    kept = list((project.root / ".fleet/cache").rglob("wanted.txt"))
    assert [each.read_text() for each in kept] == ["left-pad\n"]


def test_its_failure_is_told_in_its_words_and_tried_again_when_it_is_put_right(project: Stage):
    fleet = replace(fleet_of(project), setup=Setup("echo no such package >&2; exit 7"))
    project.issue()
    assert project.watch(fleet) == 3
    (asked,) = project.board(fleet)["approvals"]
    assert "no such package" in asked["why"]
    project.approve(asked["id"])
    assert project.watch(fleet_of(project)) == 0
    assert project.events(events.CHANGE_MERGED)


def test_what_a_command_that_failed_left_behind_is_not_taken_for_what_a_good_one_leaves(project: Stage):
    half = Setup("mkdir -p deps; exit 7", cache=("deps",), key=("wanted.txt",))
    project.issue()
    assert project.watch(replace(fleet_of(project), setup=half)) == 3
    (asked,) = project.board(fleet_of(project))["approvals"]
    project.approve(asked["id"])
    whole = replace(half, command="cp wanted.txt deps/")
    assert project.watch(replace(fleet_of(project), setup=whole)) == 0


def test_a_folder_of_the_repository_is_not_taken_for_what_the_command_makes(project: Stage):
    (project.root / "deps").mkdir()
    (project.root / "deps/README").write_text("Made by setup.")
    git(project.root, "add", "-f", "deps")
    git(project.root, "commit", "-qm", "Keep the folder")
    fleet = fleet_of(project)
    project.issue()
    whole = Setup("cp wanted.txt deps/", cache=("deps",), key=("wanted.txt",))
    assert project.watch(replace(fleet, setup=whole)) == 0


def test_a_workspace_that_is_made_anew_is_made_ready_anew(project: Stage):
    setup = Setup("mkdir deps; cp wanted.txt deps/")
    asks = replace(fleet_of(project, {"steps": [{"ask": "Which one?"}]}), setup=setup)
    project.issue()
    assert project.watch(asks) == 3
    workspaces = open_workspaces(project.place)
    for name in workspaces.ids():
        workspaces.discard(name)  # what it was to the disk, the next new one is
    (asked,) = project.board(asks)["approvals"]
    project.approve(asked["id"], "This one.")
    assert project.watch(replace(fleet_of(project), setup=setup)) == 0
