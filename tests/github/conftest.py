"""A GitHub on this machine (real git behind it), the real gh, and a project that works there."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from fleet.model.event import Event
from fleet.testing.github import GitHub
from fleet.wiring import Place, load_fleet, open_log, read_state, watch

REPO = "acme/shop"
READY = "fleet:ready"

CODES = [
    {"run": 'echo "for $FLEET_ITEM" >> "note-$(echo $FLEET_ITEM | cut -d\' \' -f1)-$FLEET_ROUND.txt"'},
    {"commit": "Add a note"},
    {"spend": {"cost": 0.25, "tokens": 1200}},
    {"agent": ["done", "-m", "The note is there; I read it again."]},
]
APPROVES = [{"agent": ["review", "approve", "-m", "I read it: good."]}]


@dataclass
class Team:
    """A checkout of the repository with a fleet.yaml, and the hub that it works with."""

    hub: GitHub
    root: Path

    @property
    def place(self) -> Place:
        return Place(self.root)

    def declare(
        self, *, dev: object = None, lead: object = None, checks: str = "true", more: str = "", gate: str = ""
    ) -> None:
        """Write fleet.yaml and the scripts that its agents play."""
        scripts = self.root / ".fleet" / "scripts"
        scripts.mkdir(parents=True, exist_ok=True)
        for name, steps in (("dev", dev or {"steps": CODES}), ("lead", lead or {"steps": APPROVES})):
            (scripts / f"{name}.yaml").write_text(yaml.safe_dump(steps))
        url = self.hub.root / f"{REPO}.git"
        (self.root / "fleet.yaml").write_text(
            f"""
version: 1
project: {{name: shop, forge: github, repos: [{{repo: {REPO}, url: "{url}"}}]}}
defaults: {{harness: scripted, budget: {{per_run: {{time: 60s}}}}}}
agents:
  dev: {{duty: change, slots: 2, options: {{script: .fleet/scripts/dev.yaml}}}}
  lead: {{duty: review, slots: 2, options: {{script: .fleet/scripts/lead.yaml}}}}
workflows:
  feature:
    on: {{issue: {{labeled: "{READY}"}}}}
    jobs:
      implement: {{agent: dev}}
      review: {{agent: lead, needs: [implement]}}
      merge: {{action: merge, needs: [review]}}
checks: {{ok: "{checks}"}}
gates:
  merge:
    - review: {{approvals: 1}}
    - checks: passing
{gate}
{more}
"""
        )

    def watch(self, seconds: float = 60) -> int:
        """Watch until nothing is left to do; the exit code."""
        return self.watch_until(None, seconds)

    def watch_until(self, seen: Callable[[Event], bool] | None, seconds: float = 60) -> int:
        """The same, but where `seen` is given, until an event is seen."""

        async def bounded() -> int:
            stops: list[Callable[[str], None]] = []

            def told(event: Event) -> None:
                if seen is not None and seen(event):
                    stops[0]("seen")

            work = watch(
                self.place, load_fleet(self.place), until_idle=seen is None, stopping=stops.append, told=told
            )
            return await asyncio.wait_for(work, seconds)

        return asyncio.run(bounded())

    def events(self, kind: str) -> list[Event]:
        log = open_log(self.place)
        found = [event for event in log.read() if event.type == kind]
        log.close()
        return found

    def state(self):
        return read_state(self.place)

    def api(self, path: str):
        """What GitHub says, asked as the owner."""
        return self.hub.call("GET", f"/repos/{REPO}{path}", "acme")

    def labels(self, number: int) -> list[str]:
        return sorted(each["name"] for each in self.api(f"/issues/{number}")["labels"])

    def ready(self, title: str, *, by: str = "bob", author: str = "carol", body: str = "Please.") -> int:
        """An issue with the label that starts the work."""
        number = self.hub.open_issue(REPO, author, title, body)
        self.hub.label(REPO, number, READY, by)
        return number


@contextmanager
def a_team(folder: Path) -> Iterator[Team]:
    """A team in this folder, with its environment, until the block ends."""
    with GitHub(folder / "hub") as hub, pytest.MonkeyPatch.context() as patch:
        hub.repo(REPO, permissions={"bob": "write", "carol": "read"})
        for name, value in (hub.environment("acme") | hub.git_environment()).items():
            patch.setenv(name, value)
        root = folder / "shop"
        subprocess.run(["git", "clone", "-q", str(hub.root / f"{REPO}.git"), str(root)], check=True)
        made = Team(hub, root)
        made.declare()
        yield made


@pytest.fixture
def team(tmp_path: Path, need: Callable[..., str]) -> Iterator[Team]:
    need("gh")
    with a_team(tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def merged(tmp_path_factory: pytest.TempPathFactory, need: Callable[..., str]) -> Iterator[Team]:
    """A team that has brought issue 1 to its merge."""
    need("gh")
    with a_team(tmp_path_factory.mktemp("story")) as made:
        made.declare(
            dev={"steps": [{"run": "env | grep -v ^FLEET_TOKEN= > env.txt"}, *CODES]},
            gate='  review: [{policy: "risk.score < 101"}]',
            more="audit: {push: origin}",
        )
        made.ready("Add a note")
        assert made.watch() == 0
        yield made
