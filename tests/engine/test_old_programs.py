"""Programs that are missing, or too old for what fleet.yaml asks of them: told before anything begins."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.engine.conftest import APPROVES, Stage

from fleet.adapters.harnesses.scripted import ScriptedHarness
from fleet.engine.fit import demand_fit, detected
from fleet.model import events
from fleet.model.fleet import Agent
from fleet.ports.harness import Detected


@pytest.mark.parametrize(
    ("version", "options", "told"),
    [
        ("0.1.0", "", "Gemini CLI 0.1.0 is older than"),
        ("9.1.0", "--model --resume --approval-mode", "Gemini CLI 9.1.0 has no --output-format"),
        ("9.1.0", "--output-format --model --resume --approval-mode", "can't be held to its tools"),
    ],
    ids=("too old", "without an option", "without a feature"),
)
def test_a_run_of_a_program_that_is_too_old_ends_at_once_and_says_what_to_do(
    stage: Stage, monkeypatch, version, options, told
):
    folder: Path = stage.root / ".fleet" / "bin"
    folder.mkdir(parents=True)
    program = folder / "gemini"
    program.write_text(f"#!/bin/sh\n[ $1 = --version ] && echo {version} || echo '{options}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    old = Agent("dev", "change", harness="gemini", tools=("read_file",))
    fleet = stage.fleet(old, stage.agent("lead", "review", APPROVES))
    stage.issue()
    assert stage.watch(fleet) == 3
    (ended,) = stage.events(events.RUN_ENDED)
    assert told in ended.data["reason"]
    assert "npm install -g @google/gemini-cli" in ended.data["reason"]


class Rude(ScriptedHarness):
    """A harness of another package, of which anything may break."""

    def detect(self, path: str) -> Detected:
        raise RuntimeError("boom")


def test_a_harness_whose_detect_breaks_off_is_told_of_and_given_its_chance():
    seen = detected(Rude(), "/bin")
    assert "RuntimeError: boom" in seen.problem
    assert "fleet harness test scripted" in seen.fix
    demand_fit(Rude(), Agent("dev", "change"), "/bin")
