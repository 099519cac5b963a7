"""A project in a real git repository, with a real log; verbs are called as the shell would call them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fleet.adapters.logs.sqlite import SqliteLog
from fleet.model.event import Event
from fleet.surfaces.cli.root import run
from fleet.testing.story import Story
from fleet.wiring import Place, load_fleet

CONFIG = """\
version: 1
project: {name: shop, forge: local, base: main}
defaults: {harness: scripted}
agents:
  developer:
    template: developer
    model: small
    slots: 1
    options: {script: script.yaml}
    budget: {per_run: {time: 10m, cost: 5}, per_day: {cost: 60}}
  tech-lead: {template: tech-lead, options: {script: script.yaml}}
workflows:
  feature:
    on: {issue: {labeled: "fleet:ready"}}
    jobs:
      implement: {agent: developer}
      review: {agent: tech-lead, needs: [implement]}
      merge: {action: merge, needs: [review]}
    rounds: 1
checks: {test: make test}
gates:
  merge:
    - review: {approvals: 1}
    - checks: passing
    - human: {when: "risk.score >= 60"}
"""


@dataclass
class Said:
    """How a verb came out."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Cli:
    """A project, a shell in it, and the story that its log tells."""

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.place = Place(root)
        self.place.dot.mkdir()
        self.log = SqliteLog(self.place.log)
        self.story = Story(load_fleet(self.place), self.log)
        self._capsys = capsys

    def __call__(self, *words: str) -> Said:
        self._capsys.readouterr()
        code = run(words)
        found = self._capsys.readouterr()
        return Said(code, found.out, found.err)

    def newest(self, kind: str) -> Event:
        return [event for event in self.log.read() if event.type == kind][-1]

    def git(self, *words: str) -> str:
        return git(self.place.root, *words)


def git(where: Path, *words: str) -> str:
    who = ["-c", "user.name=Mia", "-c", "user.email=mia@example.org"]
    done = subprocess.run(["git", *who, *words], cwd=where, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository to copy: git takes its time to make one."""
    root = tmp_path_factory.mktemp("shop")
    git(root, "init", "-q", "-b", "main")
    (root / "fleet.yaml").write_text(CONFIG)
    (root / "script.yaml").write_text("steps: []\n")
    (root / ".gitignore").write_text(".fleet/\n")
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "Begin")
    return root


@pytest.fixture
def cli(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Cli]:
    root = tmp_path / "shop"
    shutil.copytree(repository, root)
    monkeypatch.chdir(root)
    monkeypatch.setenv("LOGNAME", "mia")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    for name in [name for name in os.environ if name.startswith("FLEET_")]:
        monkeypatch.delenv(name)
    made = Cli(root, capsys)
    yield made
    made.log.close()
