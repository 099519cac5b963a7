"""What fleet.yaml wants of sandboxes, and what becomes of it where there is none."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.engine.conftest import APPROVES, CHECKS, CODES, Stage, assert_merged, git

from fleet import wiring
from fleet.adapters.sandboxes.none import NoSandbox
from fleet.config.load import load_fleet
from fleet.model import events
from fleet.model.fleet import Sandboxing

AGENT = "agents: {{dev: {{duty: change{more}}}}}\n"


def loaded(folder: Path, text: str, more: str = ""):
    file = folder / "fleet.yaml"
    file.write_text(text + AGENT.format(more=more))
    fleet = load_fleet(file)
    return fleet.sandbox, fleet.agents[0].sandbox


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which bubblewrap does not work."""
    monkeypatch.setattr(wiring, "open_sandbox", lambda _: NoSandbox("namespaces are forbidden here"))


def test_without_a_word_there_is_none(tmp_path: Path):
    assert loaded(tmp_path, "") == (Sandboxing("off"), Sandboxing("off"))


def test_who_says_what_it_may_use_wants_one(tmp_path: Path):
    assert loaded(tmp_path, "sandbox: {reads: ~/.cargo}\n")[0].use == "auto"


def test_a_word_for_all_holds_for_each(tmp_path: Path):
    assert loaded(tmp_path, "sandbox: off\n") == (Sandboxing("off"), Sandboxing("off"))


def test_an_agents_own_word_goes_before_that_for_all(tmp_path: Path):
    found = loaded(tmp_path, "sandbox: off\n", ", sandbox: required")
    assert found == (Sandboxing("off"), Sandboxing("required"))


def test_an_agent_may_use_what_all_may_and_its_own(tmp_path: Path):
    found = loaded(tmp_path, "sandbox: {reads: ~/.cargo}\n", ", sandbox: {reads: [~/.m2], writes: /cache}")
    assert found[1] == Sandboxing("auto", ("~/.cargo", "~/.m2"), ("/cache",))


def test_where_it_is_required_and_not_there_nothing_starts_and_the_run_says_why(stage: Stage, nowhere: None):
    developer = stage.agent("dev", "change", CODES, sandbox=Sandboxing("required"))
    fleet = stage.fleet(developer, attempts=1)
    stage.issue()
    assert stage.watch(fleet) == 3
    (ended,) = stage.events(events.RUN_ENDED)
    assert "fleet.yaml requires one" in ended.data["reason"]
    assert "namespaces are forbidden here" in ended.data["reason"]
    assert stage.events(events.RUN_STARTED) == []


def test_where_it_is_not_there_and_not_required_the_run_says_that_there_was_none(stage: Stage, nowhere: None):
    fleet = stage.pair(checks=CHECKS)
    stage.issue()
    assert stage.watch(fleet) == 0
    assert_merged(stage, fleet)
    assert {event.data["sandbox"] for event in stage.events(events.RUN_STARTED)} == {"none"}
    assert {event.data["sandbox"] for event in stage.events(events.CHANGE_CHECKED)} == {"none"}


def test_where_checks_require_it_and_it_is_not_there_the_change_is_not_merged(stage: Stage, nowhere: None):
    fleet = stage.pair(checks=CHECKS, sandbox=Sandboxing("required"))
    stage.issue()
    assert stage.watch(fleet) == 3
    (checked,) = stage.events(events.CHANGE_CHECKED)
    assert "fleet.yaml requires one" in checked.data["error"]
    assert stage.events(events.CHANGE_MERGED) == []


def test_what_fleet_yaml_names_besides_is_there(stage: Stage, bwrap, tmp_path: Path):
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools/word").write_text("a word\n")
    (tmp_path / "cache").mkdir()
    tries = (
        f"cat {tmp_path}/tools/word > notes.txt && ! touch {tmp_path}/tools/x && date > {tmp_path}/cache/x"
    )
    script = {"steps": [{"run": tries}, {"commit": "Add a note"}, {"agent": ["done", "-m", "So."]}]}
    also = Sandboxing("required", reads=("../tools",), writes=(f"{tmp_path}/cache", "/nowhere"))
    developer = stage.agent("dev", "change", script, sandbox=also)
    fleet = stage.fleet(developer, stage.agent("lead", "review", APPROVES))
    stage.issue()
    assert stage.watch(fleet) == 0
    assert git(stage.root, "show", "main:notes.txt") == "a word"
    assert (tmp_path / "cache/x").exists()


def test_a_workspace_whose_git_is_broken_is_not_taken_for_the_project(stage: Stage):
    """Git would look further up, and find the user's own checkout."""
    breaks = {"steps": [{"run": "echo junk > .git/HEAD; git commit --allow-empty -qm Mine || echo no"}]}
    before = git(stage.root, "rev-parse", "main")
    fleet = stage.fleet(stage.agent("dev", "change", breaks, sandbox=Sandboxing("off")), attempts=1)
    stage.issue()
    assert stage.watch(fleet) == 3
    assert git(stage.root, "rev-parse", "main") == before
