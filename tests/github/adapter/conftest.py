"""The real gh against the stand-in: its people, a forge of Fleet's, a clock that tests move."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from fleet.adapters.forges.github.forge import GitHubForge
from fleet.adapters.forges.github.gh import Gh
from fleet.adapters.forges.github.reply import Reply
from fleet.model.errors import Temporary
from fleet.model.event import Event
from fleet.testing.github.door import Incoming, Request
from fleet.testing.github.hub import GitHub

REPO = "acme/shop"
FLEET, ANN, BOB, STRANGER = "fleetbot", "ann", "bob", "stranger"
NOON = 1_770_000_000


class Clock:
    """One clock for GitHub and for Fleet, in seconds; `skew` is how far Fleet's is ahead."""

    def __init__(self) -> None:
        self.seconds = float(NOON)
        self.skew = 0.0

    def github(self) -> float:
        return self.seconds

    def fleet(self) -> int:
        return int((self.seconds + self.skew) * 1000)


@dataclass
class World:
    """The stand-in with its people, and one forge of Fleet's that polls on from its cursor."""

    hub: GitHub
    clock: Clock
    folder: Path
    program: str = "gh"
    slept: list[float] = field(default_factory=list)
    cursor: Mapping[str, Any] = field(default_factory=dict)
    next_ms: int = 0

    def __post_init__(self) -> None:
        self.forge = self.new_forge()

    def new_forge(self, **more: Any) -> GitHubForge:
        """A forge as a watcher has it that was just started."""
        given = {"gh": self.gh(), "clock": self.clock.fleet, "sleep": self.slept.append} | more
        return GitHubForge(self.folder, **given)

    def gh(self, login: str = FLEET, **more: Any) -> Gh:
        """The real gh, logged in to the stand-in."""
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder)} | self.hub.environment(login)
        return Gh(self.program, environment=environment, **more)

    def poll(self) -> tuple[Event, ...]:
        """What is new; the cursor takes the way through a file."""
        polled = self.forge.poll(REPO, json.loads(json.dumps(self.cursor)))
        self.cursor, self.next_ms = polled.cursor, polled.next_ms
        return polled.facts

    def settle(self) -> list[Event]:
        """Time goes by and all is told."""
        facts = list(self.poll())
        for _ in range(2):
            self.clock.seconds += 30
            facts += self.poll()
        return facts

    def requests(self, act: Callable[[], object]) -> list[Request]:
        """The requests that this costs."""
        before = len(self.hub.requests)
        act()
        return self.hub.requests[before:]


def begin(folder: Path, program: str) -> World:
    """A world of its own below that folder; `world.hub.close()` ends it."""
    clock = Clock()
    hub = GitHub(folder / "repos", clock=clock.github)
    hub.repo(REPO, permissions={FLEET: "write", ANN: "write", BOB: "triage"})
    for name in ("fleet:ready", "fleet:working", "theirs"):
        hub.call("POST", f"/repos/{REPO}/labels", ANN, {"name": name, "color": "ededed"})
    return World(hub, clock, folder / "forge", program)


@pytest.fixture
def world(tmp_path: Path, need: Callable[..., str]) -> Iterator[World]:
    made = begin(tmp_path, need("gh"))
    with made.hub:
        yield made


def data(facts: Any, kind: str) -> list[Mapping[str, Any]]:
    """The data of the facts of one kind."""
    return [event.data for event in facts if event.type == kind]


@dataclass(frozen=True)
class Within(Gh):
    """The stand-in asked without a process in between: for hours of polls in a moment."""

    hub: GitHub | None = None

    def request(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        headers: Sequence[str] = (),
        tail: int = 0,
    ) -> Reply:
        assert self.hub is not None
        pairs = (header.split(": ", 1) for header in headers)
        given = {"authorization": f"token token-{FLEET}"} | {name.lower(): value for name, value in pairs}
        sent = json.dumps(body).encode() if body is not None else b""
        got = self.hub._door.answer(
            Incoming(method, f"/{path}", given | {"host": "api.github.com"}, sent, True)
        )
        if got.cut or got.reset or got.hang:
            raise Temporary("no answer")
        return Reply(got.status, {name.lower(): value for name, value in got.headers.items()}, got.body)
