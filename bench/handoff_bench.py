"""How long a handoff takes: from the event that ends one run to the next agent's process being started.

A real project (git, log, shims, the scripted agent) with many runs live that just wait, while one issue after
another goes through implement → review. Both ends are on one clock: the time of `fleet.run.ended` in the log,
and the time at which the next run's process was started, as its shim noted it. Beside it, in the same run,
the floor: fork and exec of a process that does nothing, and a session started without any engine.
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from fleet.model import events
from fleet.model.event import Event
from fleet.model.fleet import Agent, Budget, Fleet, Job, Limit, Requirement, Trigger, Workflow
from fleet.ports.session import Command
from fleet.wiring import Place, open_log, open_sessions, watch

LIVE = 20
HANDOFFS = 40
_WAITS = "steps: [{say: I wait.}, {sleep: 600}]\n"
_WRITES = """steps:
  - run: date +%N >> notes.txt
  - commit: A note
  - agent: [done, -m, done]
"""
_APPROVES = "steps: [{agent: [review, approve, -m, good]}]\n"


def measure(live: int = LIVE, handoffs: int = HANDOFFS) -> dict[str, Any]:
    """Figures in milliseconds: `handoff` and the floors `exec` and `session`, each with median and p95."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "shop"
        _make_project(root)
        floors = {"exec": _figures(_exec_floor()), "session": _figures(_session_floor(root))}
        spans = asyncio.run(_play(root, live, handoffs))
    return {"live": live, "handoffs": len(spans), "handoff": _figures(spans), **floors}


def table(figures: dict[str, Any]) -> str:
    """The figures for people."""
    lines = [f"Handoff with {figures['live']} runs live ({figures['handoffs']} handoffs), ms"]
    for name in ("handoff", "session", "exec"):
        found = figures[name]
        lines.append(
            f"  {name:<8} median {found['median']:7.1f}   p95 {found['p95']:7.1f}   max {found['max']:7.1f}"
        )
    lines.append(
        f"  handoff / bare session: {figures['handoff']['median'] / figures['session']['median']:.1f} ×"
    )
    return "\n".join(lines)


def _make_project(root: Path) -> None:
    scripts = root / ".fleet" / "scripts"
    scripts.mkdir(parents=True)
    for name, text in (("waits", _WAITS), ("writes", _WRITES), ("approves", _APPROVES)):
        (scripts / f"{name}.yaml").write_text(text)
    (root / ".gitignore").write_text(".fleet/\n")
    for number in range(50):
        (root / f"file{number}.txt").write_text("x\n" * 50)
    for argv in (
        ("init", "-q", "-b", "main"),
        ("add", "-A"),
        ("-c", "user.name=B", "-c", "user.email=b@example.org", "commit", "-qm", "Start"),
    ):
        subprocess.run(("git", *argv), cwd=root, check=True)


def _fleet(live: int) -> Fleet:
    def agent(name: str, duty: Any, script: str, slots: int) -> Agent:
        options = (("script", f".fleet/scripts/{script}.yaml"),)
        budget = Budget(per_run=Limit(time_ms=900_000))
        return Agent(name, duty, harness="scripted", slots=slots, options=options, budget=budget)

    work = Workflow(
        "work",
        (Trigger("issue", label="work"),),
        (Job("implement", agents=("dev",)), Job("review", agents=("lead",), needs=("implement",))),
    )
    wait = Workflow("wait", (Trigger("issue", label="wait"),), (Job("wait", agents=("idler",)),))
    agents = (agent("dev", "change", "writes", 4), agent("lead", "review", "approves", 4))
    return Fleet(
        name="bench",
        agents=(*agents, agent("idler", "report", "waits", live)),
        workflows=(work, wait),
        merge_gate=(Requirement("review"),),
        digest="bench",
    )


async def _play(root: Path, live: int, handoffs: int) -> list[float]:
    place = Place(root)
    log = open_log(place)
    counted = asyncio.Event()
    seen = {"waiting": 0, "started": 0, "next": 0}
    stops: list[Any] = []

    def issue(label: str) -> None:
        number = seen["next"] = seen["next"] + 1
        data = {"item": 0, "kind": "issue", "title": f"{label} {number}", "labels": [label], "trusted": True}
        log.append([Event(events.ITEM_OPENED, {**data, "body": "", "author": "user/bench"})])

    def told(event: Event) -> None:
        if event.type == events.RUN_ACTED and event.data.get("action") == "I wait.":
            seen["waiting"] += 1
            if seen["waiting"] == live:
                issue("work")
        if event.type == events.INSTANCE_FINISHED:
            seen["started"] += 1
            if seen["started"] == handoffs:
                counted.set()
                stops[0]("measured")
            else:
                issue("work")

    for _ in range(live):
        issue("wait")
    await asyncio.wait_for(watch(place, _fleet(live), told=told, stopping=stops.append), 300)
    _stop_all(place)
    spans = _spans(list(log.read()))
    log.close()
    return spans


def _spans(found: list[Event]) -> list[float]:
    """For each handoff: the next run's start (its process, in ms) less the end of the run before it."""
    ended: dict[str, int] = {}
    spans = []
    for event in found:
        if event.type == events.RUN_ENDED and event.data["job"] == "implement":
            ended[event.correlation_id] = event.time
        elif event.type == events.RUN_STARTED and event.correlation_id in ended:
            spans.append(float(event.data["at"] - ended.pop(event.correlation_id)))
    return spans


def _stop_all(place: Place) -> None:
    sessions = open_sessions(place)
    keys = [key for key in sessions.keys() if sessions.alive(key)]  # noqa: SIM118
    for key in keys:
        sessions.stop(key, "bench")
    for key in keys:
        while sessions.exit(key) is None:
            time.sleep(0.01)
    sessions.close()


def _exec_floor() -> list[float]:
    return [_timed(lambda: subprocess.run(["true"], check=True)) for _ in range(50)]


def _session_floor(root: Path) -> list[float]:
    sessions = open_sessions(Place(root / ".fleet" / "floor"))
    spans = [
        _timed(lambda number=number: sessions.start(f"f{number}", Command(("true",), {}, str(root))))  # type: ignore[misc]
        for number in range(30)
    ]
    sessions.close()
    return spans


def _timed(work: Any) -> float:
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1000


def _figures(spans: list[float]) -> dict[str, float]:
    ordered = sorted(spans)
    return {
        "median": statistics.median(ordered),
        "p95": ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))],
        "max": ordered[-1],
    }


if __name__ == "__main__":
    sys.stdout.write(table(measure()) + "\n")
