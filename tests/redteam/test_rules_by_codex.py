"""The real Codex under rules for its tools: each call is looked at, and none gets around that."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from tests.engine.conftest import APPROVES, Stage, assert_merged, git
from tests.engine.test_codex_as_agents import CONFIG, calls, shell

from fleet.model import events
from fleet.model.event import Event
from fleet.model.fleet import Agent, Fleet
from fleet.model.permissions import Permissions
from fleet.testing.model_script import Answer, Ask, Fault, Rule, Rules, Step, ToolUse
from fleet.testing.model_server import ModelServer

pytestmark = [pytest.mark.codex, pytest.mark.slow]

RULES = Permissions(
    deny=("Bash(git push *)", "Edit(.github/**)", "Read(secrets.txt)"),
    ask=("Bash(rm *)",),
    allow=("Bash(git *)", "Bash(echo *)", "Bash(rm *)", "Bash(cat *)", "Edit(.)", "Read(.)"),
    wait_ms=120_000,
)
LAST_SESSION = -1
LAST = (
    shell("git add -A; git commit -qm 'Add a note'"),
    calls("done", text="The note is there."),
    Step(Answer("That is all.")),
)


def patch(path: str, around: str = "apply_patch <<'EOF'\n{}\nEOF") -> Step:
    return shell(around.format(f"*** Begin Patch\n*** Add File: {path}\n+x\n*** End Patch"))


def in_session(story: Rules, ask: Ask) -> Answer | Fault:
    """What the story says, with the number of the session that began last."""
    found = story(ask)
    if isinstance(found, Answer) and found.tools and found.tools[0].input.get("session_id") == LAST_SESSION:
        (*_, number) = re.findall(r"session ID (\d+)", json.dumps(ask.body))
        use = replace(found.tools[0], input={**found.tools[0].input, "session_id": int(number)})
        return replace(found, tools=(use,))
    return found


@pytest.fixture
def play(need, stage: Stage, monkeypatch, tmp_path) -> Callable[..., Fleet]:
    """Let the model call these, one after the other, and then commit and report."""
    program = need("codex", "npm install -g @openai/codex")
    folder = tmp_path / "home" / ".codex"
    folder.mkdir(parents=True)

    def played(
        *steps: Step,
        rules: Permissions = RULES,
        code: int = 0,
        heard: dict[str, Callable[[Event], object]] | None = None,
    ) -> Fleet:
        story = Rules([Rule((*steps, *LAST), user="Make the change that the item asks for")])
        with ModelServer(partial(in_session, story)) as server:
            (folder / "config.toml").write_text(CONFIG.format(url=server.url))
            monkeypatch.setenv("HOME", str(tmp_path / "home"))
            monkeypatch.setenv("PATH", f"{Path(program).parent}{os.pathsep}{os.environ['PATH']}")
            monkeypatch.setenv("OPENAI_API_KEY", "dummy")
            monkeypatch.delenv("CODEX_HOME", raising=False)
            fleet = stage.fleet(
                Agent("dev", "change", harness="codex", permissions=rules),
                stage.agent("lead", "review", APPROVES),
                attempts=1,
            )
            stage.issue("Add a note")
            found = stage.watch(fleet, seconds=200, heard=heard)
        told = [event for event in stage.events() if event.type in (events.RUN_ENDED, events.APPROVAL_ASKED)]
        assert found == code, [dict(event.data) for event in told]
        return fleet

    return played


def decided(stage: Stage) -> list[tuple[str, str]]:
    return [(event.data["permit"], event.data["tool"]) for event in stage.events(events.TOOL_DECIDED)]


def test_nothing_is_typed_into_a_program_that_runs(play, stage: Stage, tmp_path):
    """Else it would be asked about `git log` alone, and not about what the pager is then told to start."""

    def tool(name: str, **given: object) -> Step:
        return Step(Answer("", (ToolUse(name, given),)))

    fleet = play(
        tool("exec_command", cmd="git log", tty=True),
        tool("exec_command", cmd="sleep 3", yield_time_ms=250),
        tool("write_stdin", session_id=LAST_SESSION, chars="!echo x > typed.txt\n"),
        shell("echo note > notes.txt"),
        rules=replace(RULES, allow=(*RULES.allow, "Bash(sleep *)")),
    )
    assert_merged(stage, fleet)
    (kept,) = (tmp_path / "home" / ".codex" / "sessions").rglob("*.jsonl")
    assert "TTY execution is disabled" in kept.read_text()
    assert "stdin is closed" in kept.read_text()
    assert "typed.txt" not in git(stage.root, "ls-tree", "-r", "--name-only", "main")


def test_each_call_is_an_event_and_goes_by_the_rules_or_by_a_persons_word(play, stage: Stage):
    (stage.root / "secrets.txt").write_text("not-for-agents")
    (stage.root / "old.txt").write_text("old\n")
    git(stage.root, "add", "-A")
    git(stage.root, "commit", "-qm", "Have a secret")
    answers = iter([events.APPROVAL_GIVEN, events.APPROVAL_REFUSED])
    asked: list[str] = []

    def answer(event: Event) -> None:
        asked.append(event.data["why"])
        stage.tell(next(answers), approval=event.data["approval"], note="as you like")

    fleet = play(
        patch("notes.txt"),
        patch("../.github/ci.yml", "cd src && apply_patch <<'EOF'\n{}\nEOF"),
        patch(".github/ci.yml", "cat <<'EOF' | apply_patch\n{}\nEOF"),
        shell("git push . HEAD:refs/heads/gone"),
        shell("cat secrets.txt"),
        shell('python3 -c \'open("made.txt", "w")\''),
        Step(Answer("", (ToolUse("view_image", {"path": str(stage.root / "secrets.txt")}),))),
        shell("git show HEAD:none"),
        shell("rm old.txt"),
        shell("rm notes.txt"),
        heard={events.APPROVAL_ASKED: answer},
    )
    assert_merged(stage, fleet)
    assert asked == ["dev wants Bash: rm old.txt", "dev wants Bash: rm notes.txt"]
    names = git(stage.root, "ls-tree", "-r", "--name-only", "main").split()
    assert names == [".gitignore", "README.md", "notes.txt", "secrets.txt"]
    assert decided(stage)[:9] == [
        ("allow", "Edit"),
        ("deny", "Edit"),
        *[("deny", "Bash")] * 4,
        ("deny", "Read"),
        ("allow", "Bash"),
        ("allow", "Bash"),
    ]
    assert [event.data["ok"] for event in stage.events(events.TOOL_FINISHED)][:3] == [True, False, True]
    assert not stage.state().held
