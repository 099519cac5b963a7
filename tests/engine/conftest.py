"""A real project on a real disk: git, a log, sessions of the scripted agent, and a watcher in this process."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from fleet.model import events
from fleet.model.event import Event
from fleet.model.fleet import Agent, Budget, Check, Fleet, Job, Limit, Requirement, Trigger, Workflow
from fleet.model.state import State
from fleet.wiring import Place, open_log, open_sessions, read_state, watch

READY = "fleet:ready"


def git(root: Path, *args: str) -> str:
    """Git in the user's own checkout."""
    done = subprocess.run(["git", *args], cwd=root, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@dataclass
class Stage:
    """One project. Scripts are what its agents play."""

    root: Path
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
        return Agent(name, duty, harness="scripted", options=options, **more)  # type: ignore[arg-type]

    def fleet(self, *agents: Agent, **more: object) -> Fleet:
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
        workflow = Workflow("feature", (Trigger("issue", label=READY),), tuple(jobs))
        given: dict[str, object] = {
            "name": "shop",
            "agents": agents,
            "workflows": (workflow,),
            "merge_gate": (Requirement("review"), Requirement("checks")),
            "digest": "d1",
        }
        return Fleet(**{**given, **more})  # type: ignore[arg-type]

    def issue(self, title: str = "Add a note", *, labels: Sequence[str] = (READY,), trusted: bool = True) -> int:
        """What `fleet issue create` appends. Returns its number."""
        number = self.state().number + 1
        data = {
            "item": number,
            "kind": "issue",
            "title": title,
            "body": "Please.",
            "labels": list(labels),
            "author": "user/ann",
            "trusted": trusted,
        }
        self.append(Event(events.ITEM_OPENED, data, source="user/ann"))
        return number

    def append(self, *batch: Event) -> None:
        log = open_log(self.place)
        log.append(batch)
        log.close()

    def events(self, kind: str = "") -> list[Event]:
        log = open_log(self.place)
        found = [event for event in log.read() if not kind or event.type == kind]
        log.close()
        return found

    def state(self) -> State:
        return read_state(self.place)

    def watch(self, fleet: Fleet, *, seconds: float = 60, step: bool = False) -> int:
        """Watch until nothing is left to do; the exit code."""

        async def bounded() -> int:
            return await asyncio.wait_for(watch(self.place, fleet, until_idle=True, step=step), seconds)

        return asyncio.run(bounded())

    def live(self) -> list[str]:
        """Sessions that still run."""
        sessions = open_sessions(self.place)
        found = [key for key in sessions.keys() if sessions.alive(key)]  # noqa: SIM118
        sessions.close()
        return found


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    root = tmp_path / "shop"
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    git(root, "config", "user.name", "Ann")
    git(root, "config", "user.email", "ann@example.org")
    (root / "README.md").write_text("# Shop\n")
    (root / ".gitignore").write_text(".fleet/\n")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "Start")
    return Stage(root)


CODES = {
    "steps": [
        {"say": "I start."},
        {"run": "echo a note >> notes.txt"},
        {"commit": "Add a note"},
        {"spend": {"cost": 0.25, "tokens": 1200}},
        {"agent": ["done", "-m", "The note is there; I read it again."]},
    ]
}
APPROVES = {"steps": [{"run": "git log --oneline -3"}, {"agent": ["review", "approve", "-m", "Good."]}]}
BUDGET = Budget(per_run=Limit(time_ms=30_000, cost_micros=5_000_000))
CHECKS = (Check("test", "test -f notes.txt"),)
