"""A project with a real log, and the dashboard driven by keys on a screen of a given size."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot

from fleet.adapters.logs.sqlite import SqliteLog
from fleet.model.event import Event
from fleet.surfaces.tui.app import Dashboard
from fleet.surfaces.tui.live import Live
from fleet.testing.story import Story
from fleet.wiring import Place, clock, load_fleet, watcher_status

CONFIG = """\
version: 1
project: {name: shop, forge: local, base: main}
defaults: {harness: scripted}
agents:
  developer:
    template: developer
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
_PATIENCE_SECONDS = 20


def git(where: Path, *words: str) -> str:
    who = ["-c", "user.name=Mia", "-c", "user.email=mia@example.org"]
    done = subprocess.run(["git", *who, *words], cwd=where, capture_output=True, text=True, check=True)
    return done.stdout.strip()


class Seat:
    """Somebody in front of the dashboard."""

    def __init__(self, app: Dashboard, pilot: Pilot[None]) -> None:
        self.app, self.pilot = app, pilot

    @property
    def lines(self) -> list[str]:
        """What the screen shows now."""
        strips = self.app.screen._compositor.render_strips()
        return ["".join(segment.text for segment in strip) for strip in strips]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def write(self, words: str) -> None:
        await self.pilot.press(*("space" if sign == " " else sign for sign in words))

    async def sees(self, *words: str) -> None:
        """Until the screen shows all of this."""
        await self.until(lambda: all(word in self.text for word in words), lambda: f"{words} in\n{self.text}")

    async def until(self, true: Callable[[], bool], what: Callable[[], str] = lambda: "it") -> None:
        end = time.monotonic() + _PATIENCE_SECONDS
        while not true():
            assert time.monotonic() < end, f"never came: {what()}"
            await self.pilot.pause(0.01)


class Board:
    """A project, the story that its log tells, and a seat in front of its dashboard."""

    def __init__(self, root: Path) -> None:
        self.place = Place(root)
        self.place.dot.mkdir()
        self.log = SqliteLog(self.place.log)
        self.story = Story(load_fleet(self.place), self.log)

    def newest(self, kind: str) -> Event:
        return [event for event in self.log.read() if event.type == kind][-1]

    def count(self, kind: str) -> int:
        return sum(1 for event in self.log.read() if event.type == kind)

    def git(self, *words: str) -> str:
        return git(self.place.root, *words)

    def play(self, act: Callable[[Seat], Awaitable[None]], size: tuple[int, int] = (100, 30)) -> None:
        """Open the dashboard, do what `act` does, and close it."""
        asyncio.run(self._play(act, size))

    async def _play(self, act: Callable[[Seat], Awaitable[None]], size: tuple[int, int]) -> None:
        live = Live(self.log, lambda: load_fleet(self.place), lambda: watcher_status(self.place), clock)
        live.load()
        app = Dashboard(self.place, live, "user/mia")
        async with app.run_test(size=size) as pilot:
            seat = Seat(app, pilot)
            await seat.sees("AGENTS", "EVENTS")
            await act(seat)


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
def board(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Board]:
    root = tmp_path / "shop"
    shutil.copytree(repository, root)
    monkeypatch.chdir(root)
    for name in [name for name in os.environ if name.startswith("FLEET_")]:
        monkeypatch.delenv(name)
    made = Board(root)
    yield made
    made.log.close()


@pytest.fixture
def merge_asked(board: Board) -> Board:
    """A change that waits for a person's word: pull request 2, approval a1."""
    board.story.issue("Lock out who guesses passwords")
    board.story.deliver("r1")
    board.story.deliver("r2", "approve", "looks right")
    board.story.examine(score=80)
    return board


@pytest.fixture
def at_work(board: Board) -> Board:
    """The developer works on issue 1, as run r1."""
    board.story.issue("Take discounts in the cart")
    board.story.start("r1")
    board.story.about("r1", "fleet.run.acted", action="edits shop/cart.py")
    return board
