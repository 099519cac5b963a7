"""The real opencode in a sandbox, whose reviewer sends it back."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from tests.engine.conftest import OBJECTS_ONCE, Stage, assert_merged, git

from fleet.model import events
from fleet.model.fleet import Agent, Sandboxing
from fleet.testing.model_script import Answer, Rule, Rules, Step, ToolUse
from fleet.testing.model_server import ModelServer

pytestmark = [pytest.mark.opencode, pytest.mark.slow]


def adds(line: str) -> tuple[Step, ...]:
    command = f"echo '{line}' >> notes.txt && git add -A && git commit -qm '{line}' && fleet agent done"
    called = ToolUse("bash", {"command": command, "description": "work"})
    return Step(Answer("", (called,))), Step(Answer("That is all."))


def test_its_second_round_goes_on_in_the_conversation_of_the_first(
    bwrap, need, stage: Stage, monkeypatch, tmp_path: Path
):
    program = need("opencode", "npm install -g opencode-ai")
    story = Rules([Rule(adds("a note"), user="Make the change"), Rule(adds("A NOTE"), user="louder")])
    with ModelServer(story) as server:
        file = tmp_path / "home/.config/opencode/opencode.json"
        file.parent.mkdir(parents=True)
        options = {"baseURL": f"{server.url}/v1", "apiKey": "dummy"}
        told = {"model": "anthropic/claude-sonnet-4-5", "provider": {"anthropic": {"options": options}}}
        file.write_text(json.dumps(told))
        for name, value in {
            "HOME": str(tmp_path / "home"),
            "PATH": f"{Path(program).parent}{os.pathsep}{os.environ['PATH']}",
            "OPENCODE_DISABLE_MODELS_FETCH": "1",
            "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
        }.items():
            monkeypatch.setenv(name, value)
        developer = Agent("dev", "change", harness="opencode", sandbox=Sandboxing("required"))
        fleet = stage.fleet(developer, stage.agent("lead", "review", OBJECTS_ONCE))
        stage.issue()
        assert stage.watch(fleet) == 0, [event.data for event in stage.events(events.RUN_ENDED)]
    assert_merged(stage, fleet)
    assert git(stage.root, "show", "main:notes.txt") == "a note\nA NOTE"
    first, second = (
        event.data["conversation"]
        for event in stage.events(events.RUN_CONVERSED)
        if event.data["conversation"].startswith("ses_")
    )
    assert first == second
    assert "Make the change" in server.asks[-1].user
    assert not list((tmp_path / "home").rglob("*.db"))
