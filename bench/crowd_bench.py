"""Many live sessions under one watcher: what the control plane costs, and how it comes back after `kill -9`.

`python bench/crowd_bench.py 1000` measures with 1,000, which takes some minutes and 10 GB; without a number,
with 200. The sessions are real: a shim each, and the scripted agent below it, which says a line a minute.
Handoffs are timed on the log's clock, as in handoff_bench. The floor beside it: `tmux new-session` for each.
"""

from __future__ import annotations

import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fleet.model import events
from fleet.model.event import Event
from fleet.wiring import Place, open_log, watcher_status

LIVE = 200
HANDOFFS = 30
_PATIENCE = 1800.0
_SLOTS = 64  # of one agent
_IDLER = f"{{duty: report, slots: {_SLOTS}, options: {{script: waits.yaml}}}}"
_CONFIG = """\
version: 1
project: {{name: crowd, forge: local, base: main}}
defaults: {{harness: scripted, stuck: off, budget: {{per_run: {{time: 2h}}}}}}
agents:
{idlers}
  dev: {{duty: change, slots: 2, options: {{script: writes.yaml}}}}
  lead: {{duty: review, slots: 2, options: {{script: approves.yaml}}}}
workflows:
  wait: {{on: {{issue: {{labeled: wait}}}}, jobs: {{wait: {{agents: [{names}]}}}}}}
  work:
    on: {{issue: {{labeled: work}}}}
    jobs: {{implement: {{agent: dev}}, review: {{agent: lead, needs: [implement]}}}}
"""
_SCRIPTS = {
    "waits": "steps:\n" + "  - say: I wait.\n  - sleep: 60\n" * 100,
    "writes": "steps: [{run: date +%N >> notes.txt}, {commit: A note}, {agent: [done, -m, done]}]\n",
    "approves": "steps: [{agent: [review, approve, -m, good]}]\n",
}


class Heard:
    """What the log has come to hold, read once: the machine is for what is measured."""

    def __init__(self, log: Any) -> None:
        self._log = log
        self.all: list[Event] = []

    def runs(self, kind: str) -> set[str]:
        """The runs that an event of this type speaks of."""
        self._read()
        return {event.data["run"] for event in self.all if event.type == kind}

    def finished(self) -> int:
        """How many issues are done with."""
        self._read()
        return sum(1 for event in self.all if event.type == events.INSTANCE_FINISHED)

    def _read(self) -> None:
        self.all += self._log.read(self.all[-1].seq if self.all else 0)


def measure(live: int = LIVE, handoffs: int = HANDOFFS) -> dict[str, Any]:
    """Seconds for starting and recovery, ms for handoffs and `fleet status`, MiB of a shim, % of a core."""
    with tempfile.TemporaryDirectory(prefix="fleet-crowd-") as folder:
        root = Path(folder) / "crowd"
        _make_project(root, live)
        place = Place(root)
        try:
            return {"live": live, **_play(place, live, handoffs), **_tmux_floor(Path(folder), live)}
        finally:
            _fleet(root, "watcher", "stop", "--agents")


def table(figures: dict[str, Any]) -> str:
    """The figures for people."""
    return "\n".join(f"{name.replace('_', ' '):34}{value:>10}" for name, value in figures.items())


def _make_project(root: Path, live: int) -> None:
    root.mkdir()
    names = [f"idler-{number}" for number in range(-(-live // _SLOTS))]
    idlers = "\n".join(f"  {name}: {_IDLER}" for name in names)
    (root / "fleet.yaml").write_text(_CONFIG.format(idlers=idlers, names=", ".join(names)))
    (root / ".gitignore").write_text(".fleet/\n")
    for name, text in _SCRIPTS.items():
        (root / f"{name}.yaml").write_text(text)
    for argv in (
        ("init", "-q", "-b", "main"),
        ("add", "-A"),
        ("-c", "user.name=B", "-c", "user.email=b@example.org", "commit", "-qm", "Start"),
    ):
        subprocess.run(("git", *argv), cwd=root, check=True)


def _play(place: Place, live: int, handoffs: int) -> dict[str, Any]:
    log = open_log(place)
    _fleet(place.root, "watcher", "start")
    begun = time.monotonic()
    for _ in range(live):
        _issue(log, "wait")
    heard = Heard(log)
    _until(lambda: len(heard.runs(events.RUN_STARTED)) >= live, "all are started")
    started = time.monotonic() - begun
    _until(lambda: len(heard.runs(events.RUN_ACTED)) >= live, "all have spoken")
    shims = [event.data["pid"] for event in heard.all if event.type == events.RUN_STARTED]
    pid = int(watcher_status(place)["pid"])
    cpu, wall = _cpu_seconds(pid), time.monotonic()
    for number in range(handoffs):
        _issue(log, "work")
        _until(lambda number=number: heard.finished() > number, "an issue is worked on")  # type: ignore[misc]
    used = (_cpu_seconds(pid) - cpu) / (time.monotonic() - wall) * 100
    spans = sorted(_spans(heard.all))
    status = [_timed(lambda: _fleet(place.root, "status", "--json")) for _ in range(5)]
    back, adopted = _recover(place, log, pid, live)
    log.close()
    return {
        "all_started_s": round(started, 1),
        "watcher_cpu_percent_of_a_core": round(used, 1),
        "watcher_rss_mib": round(_kib(pid := int(watcher_status(place)["pid"]), "Rss") / 1024, 1),
        "shim_rss_mib": round(statistics.median(_kib(each, "Rss") for each in shims) / 1024, 1),
        "shim_pss_mib": round(statistics.median(_kib(each, "Pss") for each in shims) / 1024, 1),
        "handoff_median_ms": round(statistics.median(spans), 1),
        "handoff_p95_ms": round(spans[min(len(spans) - 1, int(len(spans) * 0.95))], 1),
        "status_ms": round(statistics.median(status) * 1000),
        "back_after_kill_s": round(back, 2),
        "adopted": adopted,
    }


def _recover(place: Place, log: Any, pid: int, live: int) -> tuple[float, int]:
    """Kill the watcher and start another: seconds until it serves, and how many of the runs it still has."""
    os.kill(pid, signal.SIGKILL)
    _until(lambda: not watcher_status(place)["running"], "the watcher is gone")
    begun = time.monotonic()
    _fleet(place.root, "watcher", "start")
    back = time.monotonic() - begun
    ended = sum(1 for event in log.read() if event.type == events.RUN_ENDED and event.data["job"] == "wait")
    return back, live - ended


def _tmux_floor(folder: Path, live: int) -> dict[str, Any]:
    """As many programs, each in a tmux session of its own, without any of what Fleet does."""
    if shutil.which("tmux") is None:
        return {}
    server = ["tmux", "-L", f"crowd-{os.getpid()}", "-f", os.devnull]
    begun = time.monotonic()
    for number in range(live):
        argv = [*server, "new-session", "-d", "-s", f"s{number}", "-c", str(folder), "sleep", "3600"]
        subprocess.run(argv, check=True)
    spent = time.monotonic() - begun
    subprocess.run([*server, "kill-server"], check=True)
    return {"tmux_all_started_s": round(spent, 1)}


def _issue(log: Any, label: str) -> None:
    data = {"item": 0, "kind": "issue", "title": label, "labels": [label], "trusted": True, "body": ""}
    log.append([Event(events.ITEM_OPENED, {**data, "author": "user/bench"})])


def _spans(found: list[Event]) -> list[float]:
    ended: dict[str, int] = {}
    spans = []
    for event in found:
        if event.type == events.RUN_ENDED and event.data["job"] == "implement":
            ended[event.correlation_id] = event.time
        elif event.type == events.RUN_STARTED and event.correlation_id in ended:
            spans.append(float(event.data["at"] - ended.pop(event.correlation_id)))
    return spans


def _until(done: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + _PATIENCE
    while not done():
        if time.monotonic() > until:
            raise TimeoutError(f"not within {_PATIENCE:g} s: {what}")
        time.sleep(0.2)


def _fleet(root: Path, *words: str) -> None:
    argv = (sys.executable, "-m", "fleet", *words)
    done = subprocess.run(argv, cwd=root, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"fleet {' '.join(words)}: {done.stderr}")


def _timed(work: Callable[[], None]) -> float:
    begun = time.monotonic()
    work()
    return time.monotonic() - begun


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _kib(pid: int, name: str) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


if __name__ == "__main__":
    print(table(measure(*(int(each) for each in sys.argv[1:2]))))
