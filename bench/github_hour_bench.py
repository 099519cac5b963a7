"""What an hour of a busy team costs of GitHub's quota: the whole watcher at work, with the real gh and git.

Thirty pull requests are open and wait for a person. In the hour each of them is reviewed by an agent and has
four checks that run and pass; a third is sent back by a person, made anew and reviewed again.

Time runs thirty times as fast: the clock of the watcher, its event loop and the stand-in's all do, the
processes do not.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import selectors
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from fleet.model import events
from fleet.model.event import Event
from fleet.testing.github import GitHub
from fleet.wiring import Place, load_fleet, watch

PULLS, HOUR, SPEED = 30, 3600, 30.0
REPO, OWNER, PERSON, READY = "acme/shop", "acme", "bob", "fleet:ready"
_CHECKS = ("build", "lint", "test", "docs")
_NUMBERS = re.compile(r"/(\d+|[0-9a-f]{40})(?=/|$)")


class FastClock:
    """A clock that runs `speed` times as fast as that of the machine, from now on."""

    def __init__(self, speed: float) -> None:
        self.speed = speed
        self._real, self._begun = time.monotonic(), time.time()

    def seconds(self) -> float:
        """Now, in seconds since the epoch."""
        return self._begun + (time.monotonic() - self._real) * self.speed

    def ms(self) -> int:
        """Now, in ms since the epoch."""
        return int(self.seconds() * 1000)


class FastLoop(asyncio.SelectorEventLoop):
    """An event loop that goes by such a clock: who sleeps for a minute is woken after two seconds."""

    def __init__(self, clock: FastClock) -> None:
        self._fast = clock
        super().__init__(_FastSelector(clock.speed))

    def time(self) -> float:
        """Now, as the loop's timers count."""
        return self._fast.seconds()


class _FastSelector(selectors.DefaultSelector):  # type: ignore[valid-type, misc]
    def __init__(self, speed: float) -> None:
        super().__init__()
        self._speed = speed

    def select(self, timeout: float | None = None) -> Any:
        return super().select(timeout if timeout is None else timeout / self._speed)


def measure(pulls: int = PULLS, hour: float = HOUR) -> dict[str, Any]:
    """How many requests counted in the hour, and which."""
    clock = FastClock(SPEED)
    with tempfile.TemporaryDirectory() as folder, GitHub(Path(folder) / "hub", clock=clock.seconds) as hub:
        hub.repo(REPO, permissions={PERSON: "write"})
        place = _project(Path(folder), hub)
        for n in range(pulls):
            hub.open_issue(REPO, PERSON, f"Issue {n}", labels=[READY])
        os.environ.update(hub.environment(OWNER) | hub.git_environment())
        team = _Team(hub, clock, pulls, hour)
        with asyncio.Runner(loop_factory=partial(FastLoop, clock)) as runner:
            runner.run(_watched(place, team, clock))
    counted = [each for each in team.requests if each.counted]
    kinds = Counter(f"{each.method} {_NUMBERS.sub('/N', each.path)}" for each in counted)
    return {
        "pulls": pulls,
        "seconds": hour,
        "counted": sum(kinds.values()),
        "free": sum(not each.counted for each in team.requests),
        "by_kind": dict(kinds.most_common()),
        "reviews": team.seen[events.CHANGE_REVIEWED],
        "checks": team.seen[events.CHANGE_REPORTED],
        "pushes": team.seen[events.CHANGE_UPDATED],
    }


def table(figures: Mapping[str, Any]) -> str:
    """The figures for people."""
    lines = [
        f"{figures['pulls']} open pull requests, {figures['seconds'] / 60:.0f} min: {figures['counted']}"
        f" counted requests, {figures['free']} free ones;",
        f"  {figures['reviews']} reviews, {figures['checks']} news of checks, {figures['pushes']} new heads",
    ]
    lines += [f"  {count:5} {kind}" for kind, count in list(figures["by_kind"].items())[:12]]
    return "\n".join(lines)


class _Team:
    """Who moves things on the stand-in while the watcher works, and what came of it."""

    def __init__(self, hub: GitHub, clock: FastClock, pulls: int, hour: float) -> None:
        self.hub, self.clock, self.pulls, self.hour = hub, clock, pulls, hour
        self.requests: list[Any] = []
        self.seen: Counter[str] = Counter()
        self._dice = random.Random(7)
        self._begun = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._opened: dict[int, str] = {}

    def told(self, event: Event) -> None:
        """What the log says: when all are open the hour begins, and each new head has its checks."""
        if event.type == events.CHANGE_OPENED:
            self._opened[int(str(event.data["ref"]).rpartition("#")[2])] = str(event.data["head"])
            if len(self._opened) == self.pulls:
                self._begun.set()
        if not self._begun.is_set():
            return
        self.seen[event.type] += 1
        if event.type == events.CHANGE_UPDATED:
            self._soon(self._checked(str(event.data["head"]), 5))

    async def live(self, stop: Callable[[str], None]) -> None:
        """Wait for the hour, and for its end."""
        await self._begun.wait()
        self.hub.forget_requests()
        for n, (number, head) in enumerate(sorted(self._opened.items())):
            self._soon(self._checked(head, self._dice.uniform(0, self.hour / 3)))
            if n % 3 == 0:
                self._soon(self._sent_back(number, self._dice.uniform(self.hour / 3, self.hour * 2 / 3)))
        await asyncio.sleep(self.hour)
        self.requests = self.hub.requests
        stop("the hour is over")
        for task in self._tasks:
            task.cancel()

    def _soon(self, work: Any) -> None:
        self._tasks.append(asyncio.get_running_loop().create_task(work))

    async def _checked(self, head: str, after: float) -> None:
        await asyncio.sleep(after)
        ends = sorted((self._dice.uniform(60, 500), name) for name in _CHECKS)
        for name in _CHECKS:
            await asyncio.to_thread(self.hub.check, REPO, head, name)
        for at, (end, name) in enumerate(ends):
            await asyncio.sleep(end - (ends[at - 1][0] if at else 0))
            await asyncio.to_thread(self.hub.check, REPO, head, name, "success")

    async def _sent_back(self, number: int, after: float) -> None:
        await asyncio.sleep(after)
        await asyncio.to_thread(self.hub.review, REPO, number, PERSON, "REQUEST_CHANGES", "Say more.")


async def _watched(place: Place, team: _Team, clock: FastClock) -> None:
    stops: list[Callable[[str], None]] = []
    living = asyncio.create_task(team.live(lambda reason: stops[0](reason)))
    await watch(place, load_fleet(place), stopping=stops.append, told=team.told, clock=clock.ms)
    await living


def _project(folder: Path, hub: GitHub) -> Place:
    root = folder / "project"
    subprocess.run(["git", "clone", "-q", str(hub.root / f"{REPO}.git"), str(root)], check=True)
    scripts = root / ".fleet" / "scripts"
    scripts.mkdir(parents=True)
    writes = 'echo x >> "note-$(echo $FLEET_ITEM | cut -d" " -f1).txt"'
    codes = [{"run": writes}, {"commit": "Write"}, {"sleep": 1}, {"agent": ["done", "-m", "Written."]}]
    judges = [{"sleep": 3}, {"agent": ["review", "approve", "-m", "Good."]}]
    for name, steps in (("dev", codes), ("lead", judges)):
        (scripts / f"{name}.yaml").write_text(json.dumps({"steps": steps}))
    agents = {
        name: {"duty": duty, "slots": slots, "options": {"script": f".fleet/scripts/{name}.yaml"}}
        for name, duty, slots in (("dev", "change", 3), ("lead", "review", 1))
    }
    jobs = {
        "implement": {"agent": "dev"},
        "review": {"agent": "lead", "needs": ["implement"]},
        "merge": {"action": "merge", "needs": ["review"]},
    }
    repos = [{"repo": REPO, "url": str(hub.root / f"{REPO}.git")}]
    declared = {
        "version": 1,
        "project": {"name": "bench", "forge": "github", "repos": repos},
        "defaults": {"harness": "scripted"},
        "agents": agents,
        "workflows": {"work": {"on": {"issue": {"labeled": READY}}, "jobs": jobs}},
        "gates": {"merge": [{"review": {"approvals": 1}}, {"checks": "passing"}, {"human": "always"}]},
    }
    (root / "fleet.yaml").write_text(json.dumps(declared))
    return Place(root)


if __name__ == "__main__":
    print(table(measure()))
