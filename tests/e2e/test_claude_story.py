"""The real Claude Code CLI plays developer, tech lead, QA engineer and release manager for a scripted model,
in a real repository, from the command line alone: issues, a watcher, merges.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from fleet.model import events
from fleet.model.event import Event
from fleet.testing.model_script import Answer, Ask, ToolUse
from fleet.testing.model_server import ModelServer
from fleet.wiring import Place, open_log

pytestmark = [pytest.mark.e2e, pytest.mark.claude, pytest.mark.slow, pytest.mark.timeout(400)]

TITLES = ("Greet by name", "Say goodbye", "Count to ten")


def bash(command: str, text: str = "") -> Answer:
    return Answer(text, (ToolUse("Bash", {"command": command, "description": "work"}),), input_tokens=2000)


def fleet_tool(name: str, **given: str) -> Answer:
    return Answer("", (ToolUse(f"mcp__fleet__{name}", given),), input_tokens=2000)


def model(ask: Ask) -> Answer:
    """What the model says: by the agent that it is, the issue, the round, and how far it has come."""
    agent = re.search(r"You are `([\w-]+)`, one of several agents", ask.system)
    issue = re.search(r"Issue (\d+), by", ask.user)
    if agent is None or issue is None:
        return Answer("Who am I?")
    begin = max(
        at for at in range(len(ask.messages)) if re.search(r"this is run r\d+|^Round \d+ of", ask.said(at))
    )
    round_ = 2 if re.search(r"round 2|^Round 2", ask.said(begin)) else 1
    steps = _STEPS[agent[1].removeprefix("second-")](f"step{issue[1]}", round_, ask)
    return steps[min(ask.turns_since(begin), len(steps) - 1)]


def develop(name: str, round_: int, ask: Ask) -> list[Answer]:
    folder = re.search(r"[Ww]orking directory: *(\S+)", ask.system + ask.user)
    assert folder is not None, ask.system[-2000:] + ask.user
    path = f"{folder[1]}/{name}.sh"
    if round_ == 1:
        made = [Answer("I write it.", (ToolUse("Write", {"file_path": path, "content": "echo hello\n"}),))]
    else:
        change = {"file_path": path, "old_string": "hello", "new_string": "hello, reviewed"}
        made = [
            Answer("", (ToolUse("Read", {"file_path": path}),)),
            Answer("I take the review up.", (ToolUse("Edit", change),)),
        ]
    return [
        *made,
        bash(f"sh {name}.sh && git add -A && git commit -qm 'Add {name}, round {round_}'"),
        fleet_tool("done", text=f"{name}.sh is there; I ran it."),
        Answer("Done."),
    ]


def review(name: str, round_: int, ask: Ask) -> list[Answer]:
    if name == "step1" and round_ == 1:
        verdict = fleet_tool(
            "review", verdict="request-changes", text="1. step1.sh:1 does not say who looked at it."
        )
    else:
        verdict = fleet_tool("review", verdict="approve", text="I read it to its end.")
    return [bash("git diff main...HEAD", "I read the diff."), verdict, Answer("Reviewed.")]


def check(name: str, round_: int, ask: Ask) -> list[Answer]:
    return [
        bash(f"make test && sh {name}.sh", "I try it."),
        fleet_tool("review", verdict="approve", text="The tests pass, and it greets."),
        Answer("Checked."),
    ]


def release(name: str, round_: int, ask: Ask) -> list[Answer]:
    return [
        fleet_tool("context"),
        fleet_tool("review", verdict="approve", text="It may go in."),
        Answer("Released."),
    ]


_STEPS = {"developer": develop, "tech-lead": review, "qa-engineer": check, "release-manager": release}


@pytest.fixture
def server(desk, need) -> Iterator[ModelServer]:
    """The model, and the desk's Claude Code set up to ask it."""
    claude = Path(need("claude", "npm install -g @anthropic-ai/claude-code"))
    with ModelServer(model) as made:
        desk.env |= {
            "PATH": f"{claude.parent}:{desk.env['PATH']}",
            "ANTHROPIC_BASE_URL": made.url,
            "ANTHROPIC_API_KEY": "dummy",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        }
        yield made


@dataclass
class Project:
    """A repository of somebody's, made ready by `fleet init`, with three issues; `desk` is the person."""

    desk: object
    root: Path
    server: ModelServer

    def watch(self) -> subprocess.Popen[str]:
        return self.desk.start("watcher", "start", "--until-idle", cwd=self.root)

    def events(self, kind: str = "") -> list[Event]:
        log = open_log(Place(self.root))
        try:
            return [event for event in log.read() if kind in ("", event.type)]
        finally:
            log.close()

    def wait_for(self, kind: str, seconds: float = 120) -> None:
        """Until there is an event of this kind."""
        log = open_log(Place(self.root))
        try:
            with log.follow(0) as following:
                while batch := following.wait(seconds):
                    if any(event.type == kind for event in batch):
                        return
            raise AssertionError(f"no {kind} came")
        finally:
            log.close()


@pytest.fixture
def project(desk, tmp_path: Path, server) -> Project:
    root = tmp_path / "greeter"
    root.mkdir()
    (root / "Makefile").write_text("test:\n\tfor each in *.sh; do sh $$each || exit 1; done\n")
    (root / "hello.sh").write_text("echo hello, world\n")
    (root / "README.md").write_text("# Greeter\n")
    for words in (["init", "-qb", "main"], ["add", "-A"], ["commit", "-qm", "Begin"]):
        desk.git(root, *words)
    assert desk.fleet("init", "--forge", "local", "--yes", cwd=root).returncode == 0
    for title in TITLES:
        done = desk.fleet("issue", "create", title, "-l", "fleet:ready", cwd=root)
        assert done.returncode == 0, done.stderr
    return Project(desk, root, server)


def assert_all_merged_once(project: Project) -> None:
    opened = Counter(event.data["item"] for event in project.events(events.CHANGE_OPENED))
    assert opened == {1: 1, 2: 1, 3: 1}
    merged = [event.data["sha"] for event in project.events(events.CHANGE_MERGED)]
    assert project.desk.git(project.root, "rev-list", "--merges", "main").split() == merged[::-1]
    assert len(merged) == 3
    assert project.desk.git(project.root, "show", "main:step1.sh") == "echo hello, reviewed"
    started = Counter(event.data["run"] for event in project.events(events.RUN_STARTED))
    assert set(started.values()) == {1}
    status = project.desk.json("status", cwd=project.root)
    assert {agent["state"] for agent in status["agents"]} == {"idle"}
    assert (status["approvals"], status["queue"], status["items"], status["changes"]) == ([], [], [], [])
    assert project.desk.json("audit", "verify", cwd=project.root)["ok"]


def test_three_issues_become_three_merges_and_one_is_sent_back_first(project):
    watcher = project.watch()
    said, complained = watcher.communicate(timeout=240)
    assert watcher.returncode == 0, said + complained
    assert_all_merged_once(project)
    assert [event.data["round"] for event in project.events(events.JOB_SENT_BACK)] == [2]
    runs = project.desk.json("runs", "--all", cwd=project.root)
    assert Counter(run["agent"] for run in runs) == {
        "developer": 4,
        "tech-lead": 4,
        "qa-engineer": 4,
        "release-manager": 3,
    }
    assert {run["outcome"] for run in runs} == {"succeeded"}
    assert all(run["cost"] > 0 and run["tokens"] > 0 for run in runs)
    # The second round went on in the conversation of the first, with the review's words.
    again = next(ask for ask in project.server.asks if "Round 2 of your work" in ask.user)
    assert "does not say who looked at it" in again.user
    assert "Issue 1, by" in again.user
    assert project.desk.left(seconds=5) == ({}, [])  # the terminals of runs need a moment


def test_a_watcher_that_is_killed_three_times_does_nothing_twice(project):
    for moment in (events.RUN_STARTED, events.CHANGE_OPENED, events.CHANGE_MERGED):
        watcher = project.watch()
        project.wait_for(moment)
        watcher.kill()
        watcher.communicate()
    watcher = project.watch()
    said, complained = watcher.communicate(timeout=240)
    assert watcher.returncode == 0, said + complained
    assert_all_merged_once(project)
    began = Counter(
        run
        for ask in project.server.asks
        if ask.turns_since(-1) == 0
        for run in set(re.findall(r"this is run (r\d+)", ask.user))
    )
    assert set(began.values()) == {1}  # nor did any agent begin a second time behind the log's back
    assert project.desk.left(seconds=5) == ({}, [])  # the terminals of runs need a moment


def test_the_demo_is_played_by_claude_code_too(desk, server):
    process = desk.start("demo", "--harness", "claude-code", "--json")
    said, complained = process.communicate(timeout=240)
    assert process.returncode == 0, said + complained
    found = json.loads(said)
    assert [each["outcome"] for each in found["issues"]] == ["merged", "merged", "merged", "rejected"]
    assert {each["agent"] for each in found["agents"]} >= {"developer", "tech-lead", "researcher"}
    assert desk.left() == ({}, [])
