"""Real Gemini, Copilot and opencode under rules for their tools: each call is looked at before it is made."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.engine.conftest import APPROVES, Stage, assert_merged, git

from fleet.model import events
from fleet.model.event import Event
from fleet.model.fleet import Agent
from fleet.model.permissions import Permissions
from fleet.testing.model_script import Answer, Rule, Rules, Step, ToolUse
from fleet.testing.model_server import ModelServer
from fleet.views.doing import standing

pytestmark = pytest.mark.slow

RULES = Permissions(
    deny=("Bash(git push *)", "Edit(.github/**)", "Read(secrets.txt)"),
    ask=("Bash(rm *)",),
    allow=("Bash(git *)", "Bash(echo *)", "Bash(rm *)", "Edit(.)", "Read(.)"),
    wait_ms=120_000,
)


@dataclass(frozen=True)
class Kind:
    """One harness: its words for its tools, and what leads it to the scripted model."""

    package: str
    model: str
    bash: str
    write: tuple[str, str, str]
    read: tuple[str, str]
    done: str
    lead: Callable[[Path, str], dict[str, str]]


def lead_gemini(home: Path, url: str) -> dict[str, str]:
    folder = home / ".gemini"
    folder.mkdir()
    own = {"security": {"auth": {"selectedType": "gemini-api-key"}}, "general": {"maxAttempts": 2}}
    # The user's own hook, and their wish that ours is none, hold no more than that.
    own["hooks"] = {"BeforeTool": [{"hooks": [{"type": "command", "command": "true"}]}]}
    own["hooksConfig"] = {"enabled": False, "disabled": ["fleet-permissions"]}
    (folder / "settings.json").write_text(json.dumps(own))
    return {"GOOGLE_GEMINI_BASE_URL": url, "GEMINI_API_KEY": "dummy"}


def lead_opencode(home: Path, url: str) -> dict[str, str]:
    folder = home / ".config" / "opencode"
    folder.mkdir(parents=True)
    options = {"baseURL": f"{url}/v1", "apiKey": "dummy"}
    (folder / "opencode.json").write_text(json.dumps({"provider": {"anthropic": {"options": options}}}))
    return {"OPENCODE_DISABLE_MODELS_FETCH": "1", "OPENCODE_DISABLE_LSP_DOWNLOAD": "1"}


def lead_copilot(home: Path, url: str) -> dict[str, str]:
    own = {"BASE_URL": url, "TYPE": "anthropic", "API_KEY": "dummy"}
    return {f"COPILOT_PROVIDER_{name}": value for name, value in own.items()} | {"COPILOT_OFFLINE": "true"}


KINDS = {
    "gemini": Kind(
        "@google/gemini-cli",
        "gemini-2.5-flash",
        "run_shell_command",
        ("write_file", "file_path", "content"),
        ("read_file", "file_path"),
        "mcp_fleet_done",
        lead_gemini,
    ),
    "opencode": Kind(
        "opencode-ai",
        "anthropic/claude-haiku-4-5",
        "bash",
        ("write", "filePath", "content"),
        ("read", "filePath"),
        "fleet_done",
        lead_opencode,
    ),
    "copilot": Kind(
        "@github/copilot",
        "claude-sonnet-4.5",
        "bash",
        ("create", "path", "file_text"),
        ("view", "path"),
        "fleet-done",
        lead_copilot,
    ),
}


@pytest.mark.parametrize("harness", [pytest.param(name, marks=getattr(pytest.mark, name)) for name in KINDS])
def test_each_call_is_decided_by_the_rules_or_a_person_and_is_an_event(
    harness, need, stage: Stage, monkeypatch, tmp_path
):
    kind = KINDS[harness]
    program = need(harness, f"npm install -g {kind.package}")
    (stage.root / "secrets.txt").write_text("not-for-agents")
    git(stage.root, "add", "-A")
    git(stage.root, "commit", "-qm", "Have a secret")
    (home := tmp_path / "home").mkdir()
    workspace = stage.place.dot / "workspaces" / "i1-implement"

    def step(tool: str, **given: str) -> Step:
        return Step(Answer("", (ToolUse(tool, given),)))

    def shell(command: str) -> Step:
        return step(kind.bash, command=command, description="work")

    def write(path: str) -> Step:
        tool, place, text = kind.write
        return step(tool, **{place: str(workspace / path), text: "x"})

    def read(path: str) -> Step:
        return step(kind.read[0], **{kind.read[1]: path})

    story = (
        shell("echo a note > notes.txt; echo b > b.txt; echo c > c.txt"),
        shell("rm b.txt"),
        shell("rm c.txt"),
        shell("echo x > pushed.txt && git push . HEAD:refs/heads/gone"),
        write("own.txt"),
        write(".github/ci.yml"),
        read(str(workspace / "secrets.txt")),
        shell('python3 -c \'open("made.txt", "w")\''),
        shell("git add -A; git commit -qm 'Add a note'"),
        step(kind.done, text="The note is there."),
        Step(Answer("That is all.")),
    )
    asked: list[str] = []
    waits: list[str] = []

    def heard(event: Event) -> None:
        asked.append(event.data["why"])
        waits.append(standing(stage.state().runs["r1"], stage.clock()).waits_for)
        given = events.APPROVAL_GIVEN if len(asked) == 1 else events.APPROVAL_REFUSED
        stage.tell(given, approval=event.data["approval"], note="as you like")

    with ModelServer(Rules([Rule(story, user="Make the change that the item asks for")])) as server:
        lead = kind.lead(home, server.url)
        path = f"{Path(program).parent}{os.pathsep}{os.environ['PATH']}"
        for name, value in {"HOME": str(home), "PATH": path, **lead}.items():
            monkeypatch.setenv(name, value)
        fleet = stage.fleet(
            Agent("dev", "change", harness=harness, model=kind.model, permissions=RULES),
            stage.agent("lead", "review", APPROVES),
            attempts=1,
        )
        stage.issue("Add a note")
        code = stage.watch(fleet, seconds=300, heard={events.APPROVAL_ASKED: heard})
    told = [event for event in stage.events() if event.type in (events.RUN_ENDED, events.APPROVAL_ASKED)]
    assert code == 0, [dict(event.data) for event in told]
    assert_merged(stage, fleet)
    assert asked == ["dev wants Bash: rm b.txt", "dev wants Bash: rm c.txt"]
    assert waits == ["permission", "permission"]
    decided = [(event.data["tool"], event.data["permit"]) for event in stage.events(events.TOOL_DECIDED)]
    assert decided == [
        *(("Bash", permit) for permit in ("allow", "allow", "deny", "deny")),
        *(("Write", "allow"), ("Write", "deny"), ("Read", "deny")),
        *(("Bash", "deny"), ("Bash", "allow"), ("mcp__fleet__done", "allow")),
    ]
    names = git(stage.root, "ls-tree", "-r", "--name-only", "main").split()
    assert names == [".gitignore", "README.md", "c.txt", "notes.txt", "own.txt", "secrets.txt"]
    assert len(stage.events(events.AGENT_DENIED)) == 5
    finished = [(event.data["call"], event.data["ok"]) for event in stage.events(events.TOOL_FINISHED)]
    allowed = [
        event.data["call"] for event in stage.events(events.TOOL_DECIDED) if event.data["permit"] == "allow"
    ]
    assert finished == [(name, True) for name in allowed]
