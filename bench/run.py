"""Everything that is measured, one after the other, beside what was aimed at: `make bench`.

It prints tables and writes bench/results/bench.json; `make bench ARGS="help log"` measures some parts only. A
part that is not there, or that fails, is said and does not stop the others. The exit code is 1 when one did
or an aim was missed by more than the noise of a shared machine explains (half again).
"""

from __future__ import annotations

import importlib
import json
import os
import platform
import sys
import time
import traceback
from pathlib import Path
from typing import Any, NamedTuple

RESULTS = Path(__file__).parent / "results"
PARTS = {
    "handoff": "handoff_bench",
    "help": "help_bench",
    "shim": "shim_bench",
    "log": "log_bench",
    "stuck": "stuck_bench",
    "web": "web_bench",
    "github": "github_bench",
    "hook": "hook_bench",
    "hour": "github_hour_bench",
    "crowd": "crowd_bench",
}


class Aim(NamedTuple):
    """At most so much, of the figure at this place in the results."""

    place: tuple[str, ...]
    most: float
    what: str


AIMS = (
    Aim(("handoff", "handoff", "median"), 50, "handoff, median ms"),
    Aim(("handoff", "handoff", "p95"), 150, "handoff, p95 ms"),
    Aim(("help", "ratio"), 6, "fleet --help / python -c pass"),
    Aim(("shim", "shim_rss_mib"), 16, "a shim's memory, MiB"),
    Aim(("github", "idle", "cpu_percent"), 2, "100 idle repositories, % of a core"),
    Aim(("github", "idle", "most_of_one"), 2, "requests of one repository in 210 s, idle"),
    Aim(("github", "idle", "counted"), 0, "of those counted against the quota"),
    Aim(("github", "label", "after_poll", "median"), 200, "a process after the poll that saw its label, ms"),
    Aim(("hour", "counted"), 500, "30 open pull requests: counted requests in an hour"),
    Aim(("github", "many", "twice"), 0, "of 1,000 labelled issues begun twice"),
    Aim(("crowd", "back_after_kill_s"), 2, "200 live sessions: back after kill -9, s"),
    Aim(("crowd", "handoff_p95_ms"), 250, "200 live sessions: handoff, p95 ms"),
    Aim(("crowd", "status_ms"), 300, "200 live sessions: fleet status, ms"),
    Aim(("crowd", "watcher_cpu_percent_of_a_core"), 100, "200 live sessions: the watcher, % of a core"),
    Aim(("stuck", "decision_ms"), 2, "1,000 live runs: a decision's share of stuck runs, ms"),
    Aim(("web", "overview_ms"), 150, "the overview from the server, 100 agents, ms"),
    Aim(("web", "first_paint_ms"), 500, "… its first paint, ms"),
    Aim(("web", "event_to_screen_median_ms"), 100, "… an event on the screen at 200/s, ms"),
    Aim(("web", "busy_percent"), 20, "… the browser's main thread, busy %"),
    Aim(("log", "follow_ms", "other_process", "p95"), 50, "an event reaches another process, p95 ms"),
)
NOISE = 1.5


def main(wanted: list[str]) -> int:
    """Measure the wanted parts (all, when none is named); returns the exit code."""
    unknown = [name for name in wanted if name not in PARTS]
    if unknown:
        print(f"There is no part {unknown[0]!r}; there are: {', '.join(PARTS)}", file=sys.stderr)
        return 2
    results: dict[str, Any] = {}
    failed = False
    for name in wanted or PARTS:
        print(f"\n== {name}", flush=True)
        try:
            part = importlib.import_module(PARTS[name])
        except ModuleNotFoundError as error:
            print(f"it is not there: {error}")
            continue
        try:
            results[name] = part.measure()
            print(part.table(results[name]))
        except Exception:  # noqa: BLE001  # one part that breaks must not hide the others
            traceback.print_exc()
            failed = True
    missed = _judge(results)
    _write(results)
    return int(failed or missed)


def _judge(results: dict[str, Any]) -> bool:
    """Print what was aimed at; returns whether something was clearly missed."""
    rows = [(aim, _at(results, aim.place)) for aim in AIMS]
    print(f"\n{'aim':44}{'at most':>10}{'measured':>10}")
    for aim, found in rows:
        said = "-" if found is None else f"{found:g}"
        word = "" if found is None or found <= aim.most else "   missed"
        print(f"{aim.what:44}{aim.most:>10g}{said:>10}{word}")
    return any(found is not None and found > aim.most * NOISE for aim, found in rows)


def _at(results: dict[str, Any], place: tuple[str, ...]) -> float | None:
    found: Any = results
    for name in place:
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, int | float) else None


def _write(results: dict[str, Any]) -> None:
    about = {
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
    }
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / "bench.json"
    path.write_text(json.dumps({"about": about, **results}, indent=2) + "\n", encoding="utf-8")
    print(f"\nwritten to {path.parent.name}/{path.name}; load {about['load']} on {about['cores']} cores")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
