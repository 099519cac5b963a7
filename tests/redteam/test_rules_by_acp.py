"""Agents that speak the Agent Client Protocol under rules: what they ask for goes by these, and what they do
unasked ends them.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.engine.conftest import APPROVES, Stage, assert_merged, git

from fleet.model import events
from fleet.model.event import Event
from fleet.model.fleet import Agent, Fleet
from fleet.model.permissions import Permissions

AGENT = Path(__file__).parents[1] / "harnesses" / "acp_agent.py"
RULES = Permissions(
    deny=("Bash(git push *)", "Edit(.github/**)", "Read(secrets.txt)"),
    ask=("Bash(rm *)",),
    allow=("Bash(git *)", "Bash(echo *)", "Bash(rm *)", "Edit(.)", "Read(.)"),
    wait_ms=120_000,
)
LAST = ("run git add -A; git commit -qm 'Add a note'", "run fleet agent done -m 'The note is there.'")


@pytest.fixture
def play(stage: Stage, monkeypatch, tmp_path) -> Callable[..., Fleet]:
    """Let the agent carry out these orders, and then commit and report."""
    monkeypatch.setenv("ACP_TEST_FOLDER", str(tmp_path))

    def played(
        *orders: str, code: int = 0, heard: dict[str, Callable[[Event], object]] | None = None
    ) -> Fleet:
        argv = shlex.join([sys.executable, str(AGENT)])
        options = (("argv", argv), ("env", "ACP_TEST_FOLDER"))
        prompt = "\n".join(("Carry out these:", *orders, *LAST))
        dev = Agent("dev", "change", harness="acp", options=options, permissions=RULES, prompt=prompt)
        fleet = stage.fleet(dev, stage.agent("lead", "review", APPROVES), attempts=1)
        stage.issue("Add a note")
        found = stage.watch(fleet, seconds=200, heard=heard)
        told = [event for event in stage.events() if event.type in (events.RUN_ENDED, events.APPROVAL_ASKED)]
        assert found == code, [dict(event.data) for event in told]
        return fleet

    return played


def decided(stage: Stage) -> list[tuple[str, str, str]]:
    found = [event.data for event in stage.events(events.TOOL_DECIDED)]
    return [(data["permit"], data["tool"], Path(data["about"]).name) for data in found]


def test_what_it_asks_for_goes_by_the_rules_and_by_a_persons_word(play, stage: Stage):
    (stage.root / "secrets.txt").write_text("not-for-agents\n")
    (stage.root / "old.txt").write_text("old\n")
    git(stage.root, "add", "-A")
    git(stage.root, "commit", "-qm", "Have a secret")
    answers = iter([events.APPROVAL_GIVEN, events.APPROVAL_REFUSED])

    def answer(event: Event) -> None:
        stage.tell(next(answers), approval=event.data["approval"], note="as you like")

    fleet = play(
        "write notes.txt a note",
        "write .github/ci.yml x",
        "read secrets.txt",
        "run git push . HEAD:refs/heads/gone",
        "may execute something",
        "run rm old.txt",
        "run rm notes.txt",
        heard={events.APPROVAL_ASKED: answer},
    )
    assert_merged(stage, fleet)
    assert decided(stage)[:4] == [
        ("allow", "Edit", "notes.txt"),
        ("deny", "Edit", "ci.yml"),
        ("deny", "Read", "secrets.txt"),
        ("deny", "Bash", "gone"),
    ]
    assert [(permit, about) for permit, _, about in decided(stage)[4:6]] == [
        ("allow", "rm old.txt"),
        ("deny", "rm notes.txt"),
    ]
    names = git(stage.root, "ls-tree", "-r", "--name-only", "main").split()
    assert names == [".gitignore", "README.md", "notes.txt", "secrets.txt"]
    assert stage.state().agents["dev"].denied == 4
    finished = stage.events(events.TOOL_FINISHED)
    assert [event.data["ok"] for event in finished] == [True] * 3
    assert all(event.data["ms"] >= 0 for event in finished)
    assert not stage.state().held


def test_what_it_does_without_asking_is_an_event_and_ends_it_where_it_is_not_allowed(play, stage: Stage):
    play("sneak echo a > a.txt", "sneak git push . HEAD:refs/heads/gone", "wait", code=3)
    assert sorted(permit for permit, _, _ in decided(stage)) == ["allow", "deny"]  # both are noted at once
    (ended,) = stage.events(events.RUN_ENDED)
    assert "without asking" in ended.data["reason"]
