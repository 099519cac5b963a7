"""Ways around what holds, each tried from inside a session that no sandbox confines: none leads to a merge, a
push or a word that counts, and the log tells of those that could be seen.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from tests.engine.conftest import APPROVES, BUDGET, Stage, git, make_project
from tests.redteam.ways import ALL, APPROVE, ASK, ATTRIBUTES, FORGED, MCP, TRAPS, serve_at_a_known_port

from fleet.model import events
from fleet.model.fleet import Requirement, Sandboxing
from fleet.model.quarantine import Quarantining


def test_there_are_enough_of_them():
    assert len(ALL) + len(TRAPS) >= 40


@dataclass
class Story:
    stage: Stage
    found: dict[str, bool]


@pytest.fixture(scope="module")
def story(tmp_path_factory) -> Iterator[Story]:
    """All of them in one session, which then does its work; a person lets it in."""
    folder = tmp_path_factory.mktemp("around")
    stage = Stage(make_project(folder / "shop"))
    found = folder / "found.txt"
    serve_at_a_known_port(stage)
    lines = [
        f"if ( {command}\n) >/dev/null 2>&1 </dev/null; then echo yes; else echo no; fi >> {found}\n"
        f"echo {shlex.quote(name)} >> {found}"
        for name, command in ALL.items()
    ]
    traps = [f"export TRAP={folder}/trap"] + [f"( {command}\n) 2>/dev/null" for command in TRAPS.values()]
    steps = [
        {"run": "\n".join(lines)},
        {"run": f"rm -rf big deep; echo a note >> notes.txt; {ATTRIBUTES}; git commit -qm 'Add a note'"},
        {"run": "\n".join(traps)},
        {"agent": ["done", "-m", "I tried."]},
    ]
    fleet = stage.fleet(
        stage.agent("dev", "change", {"steps": steps}, budget=BUDGET),
        stage.agent("lead", "review", APPROVES),
        merge_gate=(Requirement("review"), Requirement("human")),
        quarantine=Quarantining("", 0, 0, 0, tampering=False),
    )
    stage.issue("Add a note")
    stage.watch(fleet)
    told = found.read_text().splitlines()
    works = [each == "yes" for each in told[::2]]
    yield Story(stage, dict(zip(told[1::2], works, strict=True)))
    stage.end()


@pytest.mark.parametrize("name", ALL)
def test_it_does_not_work(name, story: Story):
    assert story.found[name] is False


def test_nothing_of_it_came_into_effect(story: Story):
    stage = story.stage
    assert not stage.events(events.CHANGE_MERGED)
    assert not stage.events(events.APPROVAL_GIVEN)
    assert not [event for event in stage.events(events.CHANGE_REVIEWED) if event.data["by"] != "agent/lead"]
    assert [event.data["author"] for event in stage.events(events.ITEM_OPENED)] == ["user/ann"]
    assert not stage.events(events.ITEM_LABELED)
    assert git(stage.root, "log", "--format=%s", "main") == "Start"
    assert git(stage.root, "branch", "--list", "gone", "other") == ""


def test_what_was_laid_in_the_workspace_did_nothing(story: Story):
    assert not list(story.stage.root.parent.glob("**/*trap*"))
    assert not list(story.stage.root.parent.glob("**/*.ran"))
    assert not story.stage.live()


def test_the_log_tells_of_it(story: Story):
    denied = [event.data["action"] for event in story.stage.events(events.AGENT_DENIED)]
    assert len(denied) >= 3
    refused = story.stage.events(events.GATEWAY_REFUSED)
    assert [event.data["claimed"] for event in refused] == ["r1"] * len(FORGED)


@pytest.mark.parametrize("tries", [[ASK % ("", APPROVE, "review")] * 3, [MCP] * 3], ids=["socket", "port"])
def test_who_tries_wrong_tokens_is_quarantined_at_once(stage: Stage, tries: list[str]):
    port = str(serve_at_a_known_port(stage))
    tries = [each.replace("$(tr -dc 0-9 < ../../watcher.json)", port) for each in tries]
    script = {"steps": [{"run": "\n".join([*tries, "sleep 20"])}, {"commit": "never"}]}
    developer = stage.agent("dev", "change", script, budget=BUDGET, sandbox=Sandboxing("auto"))
    fleet = stage.fleet(developer, stage.agent("lead", "review", APPROVES))
    stage.issue("Add a note")
    stage.watch(fleet)
    assert [event.data["agent"] for event in stage.events(events.AGENT_QUARANTINED)] == ["dev"]
    assert stage.state().runs["r1"].stop_kind == "quarantine"
    assert not stage.live()


def test_a_fork_bomb_ends_its_run_and_nothing_else(stage: Stage):
    bomb = "b() { [ $1 -gt 0 ] && { b $(($1-1)) & b $(($1-1)) & }; sleep 60; }; b 10"
    fleet = stage.pair({"steps": [{"run": bomb}, {"commit": "never"}]}, attempts=1)
    stage.issue("Add a note")
    assert stage.watch(fleet) == 3
    (ended,) = stage.events(events.RUN_EXITED)
    assert ended.data["reason"] == "processes"
    assert stage.outcomes() == [("dev", "implement", "failed")]
    assert not stage.live()
