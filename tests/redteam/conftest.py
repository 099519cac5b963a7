"""Projects whose agents set out to get around what holds, and the real Claude Code to do it with."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.engine.conftest import APPROVES, Stage, stage
from tests.sandboxes.conftest import bwrap

from fleet.model import events
from fleet.model.event import Event
from fleet.model.fleet import Agent, Fleet, Sandboxing
from fleet.model.permissions import Permissions
from fleet.testing.model_script import Answer, Ask, Rule, Rules, Step, ToolUse
from fleet.testing.model_server import ModelServer

__all__ = ["bwrap", "stage"]

RULES = Permissions(
    deny=("Bash(git push *)", "Edit(.github/**)", "Read(secrets.txt)"),
    ask=("Bash(rm *)",),
    allow=("Bash(git *)", "Bash(echo *)", "Bash(rm *)", "Bash(mkdir *)", "Bash(cat *)", "Edit(.)", "Read(.)"),
    wait_ms=120_000,
)


def calls(tool: str, **given: str) -> Step:
    return Step(Answer("", (ToolUse(tool, given),)))


def shell(command: str) -> Step:
    return calls("Bash", command=command, description="work")


LAST = (
    shell("git add -A; git commit -qm 'Add a note'"),
    calls("mcp__fleet__done", text="The note is there."),
    Step(Answer("That is all.")),
)


@pytest.fixture
def play(need, stage: Stage, monkeypatch, tmp_path) -> Callable[..., Fleet]:
    """Let the model call these in turn, then the `last` ones: commit, report. `asks` gets what it heard."""
    program = need("claude", "npm install -g @anthropic-ai/claude-code")
    (tmp_path / "home").mkdir()

    def played(
        *steps: Step,
        rules: Permissions | None = RULES,
        sandbox: str = "off",
        code: int = 0,
        asks: list[Ask] | None = None,
        last: tuple[Step, ...] = LAST,
        heard: dict[str, Callable[[Event], object]] | None = None,
        **more: object,
    ) -> Fleet:
        story = Rules([Rule((*steps, *last), user="Make the change that the item asks for")])
        with ModelServer(story) as server:
            for name, value in {
                "HOME": str(tmp_path / "home"),
                "PATH": f"{Path(program).parent}{os.pathsep}{os.environ['PATH']}",
                "ANTHROPIC_BASE_URL": server.url,
                "ANTHROPIC_API_KEY": "dummy",
                "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
            }.items():
                monkeypatch.setenv(name, value)
            fleet = stage.fleet(
                Agent(
                    "dev",
                    "change",
                    harness="claude-code",
                    permissions=rules,
                    sandbox=Sandboxing(sandbox),
                ),
                stage.agent("lead", "review", APPROVES),
                attempts=1,
                **more,
            )
            stage.issue("Add a note")
            found = stage.watch(fleet, seconds=120, heard=heard)
            if asks is not None:
                asks += server.asks
        told = [event for event in stage.events() if event.type in (events.RUN_ENDED, events.APPROVAL_ASKED)]
        assert found == code, [dict(event.data) for event in told]
        return fleet

    return played
