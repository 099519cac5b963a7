"""What a fleet on GitHub costs, and how fast it is: the real gh against the stand-in, in its own watcher.

`idle`: a hundred repositories in which nothing happens, over one of their intervals. `label`: from a label on
an issue to the developer's process, beside the poll that saw it. `many`: a thousand labelled issues at once.
"""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fleet.model import events
from fleet.testing.github import GitHub
from fleet.wiring import Place, open_log

REPOSITORIES, SECONDS = 100, 210
LABELS, ISSUES, STARTS = 10, 1000, 12
OWNER, READY = "acme", "fleet:ready"
_CLOCK = os.sysconf("SC_CLK_TCK")


def measure(repositories: int = REPOSITORIES, seconds: int = SECONDS, issues: int = ISSUES) -> dict[str, Any]:
    """The figures of all three. Times in ms, CPU in percent of a core, memory in MiB."""
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        found["idle"] = _idle(Path(folder), repositories, seconds)
    with tempfile.TemporaryDirectory() as folder:
        found["label"] = _label(Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        found["many"] = _many(Path(folder), issues)
    return found


def table(figures: Mapping[str, Any]) -> str:
    """The figures for people."""
    idle, label, many = figures["idle"], figures["label"], figures["many"]
    return "\n".join(
        [
            f"{idle['repositories']} idle repositories, {idle['seconds']:.0f} s: {idle['cpu_percent']:.2f} %"
            f" of a core, {idle['rss_mib']:.0f} MiB,",
            f"  {idle['requests']} requests (at most {idle['most_of_one']} of one repository), "
            f"{idle['counted']} of them counted",
            f"From a label to the process ({label['labels']} labels), ms",
            f"  after the poll began: median {label['after_poll']['median']:.0f}, "
            f"most {label['after_poll']['most']:.0f}; in all: median {label['in_all']['median']:.0f}, "
            f"most {label['in_all']['most']:.0f}",
            f"{many['issues']} issues labelled at once: the first process after {many['first_ms']:.0f} ms,",
            f"  {many['requests']} requests until {many['starts']} were begun, {many['rss_mib']:.0f} MiB, "
            f"in order: {'yes' if many['in_order'] else 'NO'}, twice: {many['twice']}",
        ]
    )


# ------------------------------------------------------------ the three


def _idle(folder: Path, repositories: int, seconds: int) -> dict[str, Any]:
    names = [f"{OWNER}/r{n}" for n in range(repositories)]
    with _hub(folder, names) as hub:
        place = _project(folder, hub, names, steps=[])
        with _watcher(place, hub):
            _until(lambda: len(list((place.dot / "forge").glob("*.cursor.json"))) == repositories, 600)
        for path in (place.dot / "forge").glob("*.cursor.json"):  # as after a long quiet time
            path.write_text(json.dumps(json.loads(path.read_text()) | {"quiet": 40}))
        hub.forget_requests()
        with _watcher(place, hub) as process:
            _until(lambda: len(hub.requests) >= repositories, 300)
            time.sleep(5)
            hub.forget_requests()
            began, used = time.monotonic(), _cpu(process.pid)
            time.sleep(seconds)
            spent, rss = _cpu(process.pid) - used, _rss(process.pid)
            lasted = time.monotonic() - began
        asked = [_repo_of(each.path) for each in hub.requests]
        return {
            "repositories": repositories,
            "seconds": lasted,
            "cpu_percent": 100 * spent / lasted,
            "rss_mib": rss,
            "requests": len(asked),
            "most_of_one": max((asked.count(name) for name in set(asked)), default=0),
            "counted": sum(each.counted for each in hub.requests),
        }


def _label(folder: Path) -> dict[str, Any]:
    repo = f"{OWNER}/shop"
    with _hub(folder, [repo]) as hub:
        place = _project(folder, hub, [repo], steps=[{"sleep": 600}], slots=LABELS)
        numbers = [hub.open_issue(repo, "bob", f"Issue {n}") for n in range(LABELS)]
        after, whole = [], []
        with _watcher(place, hub):
            _until(lambda: bool(list((place.dot / "forge").glob("*.cursor.json"))), 60)
            for count, number in enumerate(numbers, 1):
                time.sleep(1 + 0.37 * count)  # at another moment of the interval each time
                labelled = time.time()
                hub.label(repo, number, READY, "bob")
                _until(lambda wanted=count: len(_started(place)) >= wanted, 90)
                begun = _started(place)[-1].data["at"] / 1000
                polls = [r.at for r in hub.requests if r.path == f"/repos/{repo}/issues" and r.at >= labelled]
                after.append(1000 * (begun - polls[0]))
                whole.append(1000 * (begun - labelled))
        return {"labels": len(numbers), "after_poll": _figures(after), "in_all": _figures(whole)}


def _many(folder: Path, issues: int) -> dict[str, Any]:
    repo = f"{OWNER}/shop"
    with _hub(folder, [repo]) as hub:
        place = _project(
            folder, hub, [repo], steps=[{"agent": ["done", "-m", "Done."]}], slots=2, duty="plan"
        )
        for n in range(1, issues + 1):
            urgent = ["priority:high"] if n % 200 == 0 else []
            hub.open_issue(repo, OWNER, f"Issue {n}", labels=[READY, *urgent])
        began = time.time()
        with _watcher(place, hub) as process:
            _until(lambda: len(_started(place)) >= STARTS, 300)
            first, rss = _started(place)[0].data["at"] / 1000, _rss(process.pid)
            requests = len(hub.requests)
        log = open_log(place)
        told = list(log.read())
        log.close()
        items = {e.data["run"]: e.data["item"] for e in told if e.type == events.RUN_QUEUED}
        runs = [items[e.data["run"]] for e in told if e.type == events.RUN_ADMITTED]
        instances = [e.data["item"] for e in told if e.type == events.INSTANCE_STARTED]
        urgent_ones = list(range(200, issues + 1, 200))
        expected = [*urgent_ones, *(n for n in range(1, issues + 1) if n not in urgent_ones)][: len(runs)]
        return {
            "issues": issues,
            "first_ms": 1000 * (first - began),
            "starts": len(runs),
            "requests": requests,
            "rss_mib": rss,
            "in_order": runs == expected,
            "twice": len(instances) - len(set(instances)) + len(runs) - len(set(runs)),
        }


# ------------------------------------------------------------ a project, its watcher, what it uses


@contextmanager
def _hub(folder: Path, names: list[str]) -> Iterator[GitHub]:
    with GitHub(folder / "hub") as hub:
        for name in names:
            hub.repo(name, permissions={"bob": "write"})
        yield hub


def _project(
    folder: Path, hub: GitHub, names: list[str], *, steps: list[Any], slots: int = 1, duty: str = "change"
) -> Place:
    root = folder / "project"
    subprocess.run(["git", "clone", "-q", str(hub.root / f"{names[0]}.git"), str(root)], check=True)
    scripts = root / ".fleet" / "scripts"
    scripts.mkdir(parents=True)
    (scripts / "dev.yaml").write_text(json.dumps({"steps": steps}))
    repos = [{"repo": name, "url": str(hub.root / f"{name}.git")} for name in names]
    declared = {
        "version": 1,
        "project": {"name": "bench", "forge": "github", "repos": repos},
        "agents": {
            "dev": {
                "duty": duty,
                "harness": "scripted",
                "slots": slots,
                "options": {"script": ".fleet/scripts/dev.yaml"},
            }
        },
        "workflows": {"work": {"on": {"issue": {"labeled": READY}}, "jobs": {"do": {"agent": "dev"}}}},
    }
    (root / "fleet.yaml").write_text(json.dumps(declared))
    return Place(root)


@contextmanager
def _watcher(place: Place, hub: GitHub) -> Iterator[subprocess.Popen[bytes]]:
    environment = os.environ | hub.environment(OWNER) | hub.git_environment() | {"PYTHONSAFEPATH": "1"}
    argv = [sys.executable, "-P", "-m", "fleet", "watcher"]
    process = subprocess.Popen(
        [*argv, "start", "--foreground"], cwd=place.root, env=environment, stdout=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        stop = [*argv, "stop", "--agents"]
        subprocess.run(stop, cwd=place.root, env=environment, stdout=subprocess.DEVNULL, check=False)
        process.wait(60)


def _started(place: Place) -> list[Any]:
    log = open_log(place)
    try:
        return [event for event in log.read() if event.type == events.RUN_STARTED]
    finally:
        log.close()


def _until(holds: Any, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError("it did not come so far")
        time.sleep(0.05)


def _cpu(pid: int) -> float:
    """Seconds of a core that the process and the children it waited for have used."""
    parts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(each) for each in parts[11:15]) / _CLOCK


def _rss(pid: int) -> float:
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


def _repo_of(path: str) -> str:
    return "/".join(path.split("/")[2:4])


def _figures(spans: list[float]) -> dict[str, float]:
    return {"median": statistics.median(spans), "most": max(spans)}


if __name__ == "__main__":
    figures = measure()
    print(json.dumps(figures, indent=2))
    print(table(figures))
