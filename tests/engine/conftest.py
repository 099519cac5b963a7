"""A real project on a real disk: git, a log, sessions of the scripted agent, a watcher in this process."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import select
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from fleet.auditing import verify as verify_log
from fleet.model import events
from fleet.model.event import Event
from fleet.model.fleet import Agent, Budget, Check, Fleet, Job, Limit, Requirement, Trigger, Workflow
from fleet.model.state import State
from fleet.policy.fold import fold_all
from fleet.views.board import board
from fleet.wiring import Place, open_log, open_sessions, read_state, watch

READY = "fleet:ready"
FEATURE = (Trigger("issue", label=READY),)
PATIENCE = 20.0
Heard = Mapping[str, Callable[[Event], object]]
"""What to do when an event of a type is told."""


def git(root: Path, *args: str) -> str:
    """Git in the user's own checkout."""
    done = subprocess.run(["git", *args], cwd=root, check=True, capture_output=True, text=True)
    return done.stdout.strip()


class Clock:
    """The time that the log and the watcher go by; it jumps where a test would have to wait."""

    def __init__(self) -> None:
        self.ahead_ms = 0

    def __call__(self) -> int:
        return time.time_ns() // 1_000_000 + self.ahead_ms

    def jump(self, seconds: float) -> None:
        self.ahead_ms += int(seconds * 1000)


@dataclass
class Stage:
    """One project. Its agents play scripts."""

    root: Path
    clock: Clock = field(default_factory=Clock)
    scripts: dict[str, object] = field(default_factory=dict)

    @property
    def place(self) -> Place:
        return Place(self.root)

    def agent(self, name: str, duty: str, script: object, **more: object) -> Agent:
        """An agent that plays this script (the YAML of `fleet.testing.scripted_script`, as data)."""
        folder = self.root / ".fleet" / "scripts"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(script))
        options = (("script", f".fleet/scripts/{name}.yaml"),)
        given: dict[str, object] = {"harness": "scripted", "options": options, **more}
        return Agent(name, duty, **given)  # type: ignore[arg-type]

    def fleet(self, *agents: Agent, rounds: int = 3, **more: object) -> Fleet:
        """A fleet with these agents; its workflow is implement → review, test → merge, by their duties."""
        by_duty: dict[str, list[str]] = {}
        for agent in agents:
            by_duty.setdefault(agent.duty, []).append(agent.name)
        jobs = [Job("implement", agents=tuple(by_duty["change"]))]
        for name, duty in (("review", "review"), ("test", "check")):
            if duty in by_duty:
                jobs.append(Job(name, agents=tuple(by_duty[duty]), needs=("implement",)))
        needs = tuple(job.name for job in jobs)
        if "merge" in by_duty:
            jobs.append(Job("merge", agents=tuple(by_duty["merge"]), needs=needs))
        else:
            jobs.append(Job("merge", action="merge", needs=needs))
        given: dict[str, object] = {
            "name": "shop",
            "agents": agents,
            "workflows": (Workflow("feature", FEATURE, tuple(jobs), rounds=rounds),),
            "merge_gate": (Requirement("review"), Requirement("checks")),
            "digest": "d1",
        }
        return Fleet(**{**given, **more})  # type: ignore[arg-type]

    def pair(self, code: object = None, review: object = None, **more: object) -> Fleet:
        """A developer and a reviewer, and nothing else."""
        developer = self.agent("dev", "change", code or CODES, budget=BUDGET)
        return self.fleet(developer, self.agent("lead", "review", review or APPROVES), **more)  # type: ignore[arg-type]

    def issue(
        self,
        title: str = "Add a note",
        *,
        labels: Sequence[str] = (READY,),
        trusted: bool = True,
        body: str = "Please.",
    ) -> int:
        """What `fleet issue create` appends. Returns its number."""
        number = self.state().number + 1
        data = {
            "item": number,
            "kind": "issue",
            "title": title,
            "body": body,
            "labels": list(labels),
            "author": "user/ann",
            "trusted": trusted,
        }
        self.append(Event(events.ITEM_OPENED, data, source="user/ann"))
        return number

    def tell(self, kind: str, /, **data: Any) -> None:
        """A person (Ann) makes something happen."""
        self.append(Event(kind, {"actor": "user/ann", **data}, source="user/ann"))

    def approve(self, approval: str, note: str = "") -> None:
        self.tell(events.APPROVAL_GIVEN, approval=approval, note=note)

    def append(self, *batch: Event) -> None:
        log = open_log(self.place, self.clock)
        log.append(batch)
        log.close()

    def events(self, kind: str = "", **where: Any) -> list[Event]:
        """The events of this type (all types without one) whose data is so."""
        log = open_log(self.place)
        found = [event for event in log.read() if not kind or event.type == kind]
        log.close()
        return [event for event in found if all(event.data.get(k) == v for k, v in where.items())]

    def state(self) -> State:
        return read_state(self.place)

    def folded(self) -> State:
        """The same from the whole log, without a snapshot."""
        return fold_all(self.events())

    def watch(
        self, fleet: Fleet, *, seconds: float = 60, step: bool = False, heard: Heard | None = None
    ) -> int:
        """Watch until nothing is left to do; the exit code."""
        reactions = dict(heard or {})

        def told(event: Event) -> None:
            if event.type in reactions:
                reactions[event.type](event)

        async def bounded() -> int:
            watching = watch(
                self.place, fleet, until_idle=True, step=step, told=told if heard else None, clock=self.clock
            )
            return await asyncio.wait_for(watching, seconds)

        return asyncio.run(bounded())

    def board(self, fleet: Fleet) -> dict[str, Any]:
        """What `fleet status --json` shows."""
        return board(fleet, self.state(), self.clock(), {"running": True})

    def outcomes(self) -> list[tuple[str, str, str]]:
        """Agent, job and outcome of every run that was played, oldest first."""
        return [(run.agent, run.job, run.outcome) for run in self.state().runs.values() if run.agent]

    def prompt(self, run: str) -> dict[str, Any]:
        """What the agent of this run was given on its stdin."""
        about = json.loads((self.place.runs / run / "command.json").read_text())
        return json.loads(about["stdin"].splitlines()[0])  # type: ignore[no-any-return]

    def said(self, run: str) -> list[dict[str, Any]]:
        """What the agent of this run printed."""
        sessions, found, offset = open_sessions(self.place), "", 0
        while (page := sessions.read(run, offset))[0]:
            found += "".join(f"{one.text}\n" for one in page[0] if one.stream == "out")
            offset = page[1]
        sessions.close()
        return [json.loads(line) for line in found.splitlines() if line.startswith("{")]

    def live(self) -> list[str]:
        """Sessions that still run."""
        sessions = open_sessions(self.place)
        found = [key for key in sessions.keys() if sessions.alive(key)]  # noqa: SIM118
        sessions.close()
        return found

    def end(self) -> None:
        """End what a test has left at work."""
        sessions = open_sessions(self.place)
        keys = [key for key in sessions.keys() if sessions.alive(key)]  # noqa: SIM118
        for key in keys:
            sessions.stop(key, "the test is over")
        for key in keys:
            await_end(sessions.watch(key))
            sessions.exit(key)
        sessions.close()


def await_end(descriptor: int | None) -> None:
    """Wait for the process behind this descriptor to end, and close it."""
    if descriptor is not None:
        ended = select.select([descriptor], [], [], PATIENCE)[0]
        os.close(descriptor)
        assert ended, "a process does not end"


def unexplained(stage: Stage, fleet: Fleet) -> list[str]:
    """What stands still though no screen says why: what must be empty once a watcher has come to rest."""
    state, shown = stage.state(), stage.board(fleet)
    reasons = {row["id"]: row["reason"] for row in shown["items"]}
    silent = ("", "its next step is being decided", "every requirement is met")
    waits = [
        name for name in state.active if reasons.get(state.instances[name].item, "").split(": ")[-1] in silent
    ]
    gone = [run.id for run in state.runs.values() if run.state == "ended" and not run.reason]
    return [*waits, *gone, *stage.live()]


def assert_merged(stage: Stage, fleet: Fleet, *, changes: int = 1) -> None:
    """So many changes were merged, each once, and nothing is left behind."""
    state = stage.state()
    merged = [event.data["change"] for event in stage.events(events.CHANGE_MERGED)]
    assert len(merged) == len(set(merged)) == changes
    log = git(stage.root, "log", "--first-parent", "--format=%s", "main")
    assert sum(line.startswith("Merge #") for line in log.splitlines()) == changes
    assert unexplained(stage, fleet) == []
    assert not state.active
    assert workspaces(stage) == []
    assert git(stage.root, "status", "--porcelain") == ""
    assert git(stage.root, "branch", "--list", "fleet/*") == ""
    assert verify_log(stage.place).ok


def workspaces(stage: Stage) -> list[str]:
    """The workspaces that are there."""
    root = stage.place.workspaces
    return sorted(path.name for path in root.glob("[!.]*")) if root.exists() else []


def processes(stage: Stage) -> list[str]:
    """Processes that have to do with this project, but for those of tmux, which end a moment after a run."""
    found, here = [], str(stage.root.parent).encode() + b"/"
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            command = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            about = here in command.encode() or here in (path / "environ").read_bytes()
            if about and not command.startswith(("tail ", "tmux ")):
                found.append(command[:100])
    return found


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    found = Stage(make_project(tmp_path / "shop"))
    yield found
    found.end()


def make_project(root: Path) -> Path:
    """A repository as a user has it."""
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    git(root, "config", "user.name", "Ann")
    git(root, "config", "user.email", "ann@example.org")
    (root / "README.md").write_text("# Shop\n")
    (root / ".gitignore").write_text(".fleet/\n")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "Start")
    return root


def make_configured(folder: Path, dev: object, lead: object) -> Stage:
    """A project with a fleet.yaml, for watchers that are processes of their own. Agents of CONFIG and tests
    meet in the folder `outside`.
    """
    (folder / "outside").mkdir(parents=True)
    stage = Stage(make_project(folder / "shop"))
    (stage.root / "fleet.yaml").write_text(CONFIG)
    git(stage.root, "add", "-A")
    git(stage.root, "commit", "-qm", "Have a fleet")
    stage.place.dot.mkdir(mode=0o700)
    for name, script in (("dev", dev), ("lead", lead)):
        (stage.place.dot / f"{name}.yaml").write_text(yaml.safe_dump(script))
    return stage


def commits(text: str, message: str = "Add a note", *, to: str = "notes.txt") -> list[dict[str, Any]]:
    """Steps of an agent that adds a line, commits it and reports."""
    return [
        {"run": f"echo '{text}' >> {to}"},
        {"commit": message},
        {"agent": ["done", "-m", f"I wrote: {text}"]},
    ]


def verdict(word: str, text: str) -> list[dict[str, Any]]:
    """Steps of an agent that judges."""
    return [{"agent": ["review", word, "-m", text]}]


CODES = {
    "steps": [
        {"say": "I start."},
        {"run": "echo a note >> notes.txt"},
        {"commit": "Add a note"},
        {"spend": {"cost": 0.25, "tokens": 1200}},
        {"agent": ["done", "-m", "The note is there; I read it again."]},
    ]
}
CODES_A_FILE_EACH = {"steps": commits("a note", to='note-"${FLEET_ITEM%% *}".txt')}
APPROVES = {"steps": [{"run": "git log --oneline -3"}, *verdict("approve", "Good.")]}
OBJECTS_ONCE = {
    "cases": [
        {"when": {"round": 1}, "steps": verdict("request-changes", "Say it louder.")},
        {"steps": verdict("approve", "Loud enough.")},
    ]
}
CODES_LOUDER = {
    "cases": [
        {"when": {"prompt": "Say it louder"}, "steps": commits("A NOTE", "Say it louder")},
        {"steps": commits("a note")},
    ]
}
BUDGET = Budget(per_run=Limit(time_ms=30_000, cost_micros=5_000_000))
CHECKS = (Check("test", "test -f notes.txt"),)
CONFIG = """
defaults: {harness: scripted}
sandbox: {writes: [../outside]}
agents:
  dev: {duty: change, options: {script: .fleet/dev.yaml}, budget: {per_run: {time: 60s}}}
  lead: {duty: review, options: {script: .fleet/lead.yaml}, budget: {per_run: {time: 60s}}}
workflows:
  feature:
    on: {issue: {labeled: "fleet:ready"}}
    jobs:
      implement: {agent: dev}
      review: {agent: lead, needs: [implement]}
      merge: {action: merge, needs: [review]}
checks: {test: test -f notes.txt}
"""
