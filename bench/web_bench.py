"""The page with 100 agents and a long log: how soon it is there, how soon an event is on the screen, and how
much of the browser's main thread that takes.

FLEET_BENCH_EVENTS says how long the log is (1,000,000 if not said). It needs Chromium and playwright.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fleet.adapters.logs.sqlite import SqliteLog
from fleet.engine.lease import lease
from fleet.model import events
from fleet.model.event import Event
from fleet.surfaces.web.projection import Projection
from fleet.testing.crowd import Crowd, make_project
from fleet.wiring import Place, clock, load_fleet, watcher_status

AGENTS, PER_SECOND, SECONDS = 100, 200, 10
EVENTS = int(os.environ.get("FLEET_BENCH_EVENTS", "1000000"))
_GROUP = 2000
_ARGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")
_SEEN = """() => {
  window.late = [];
  new MutationObserver((found) => {
    const now = Date.now();
    for (const each of found) for (const node of each.addedNodes) {
      const text = node.textContent || "";
      for (const hit of text.matchAll(/beat (\\d{13})/g)) window.late.push(now - Number(hit[1]));
    }
    for (const each of found) if (each.type === "characterData") {
      const hit = /beat (\\d{13})/.exec(each.target.data);
      if (hit) window.late.push(now - Number(hit[1]));
    }
  }).observe(document.body, {subtree: true, childList: true, characterData: true});
}"""


def measure() -> dict[str, Any]:
    """Milliseconds, percentages, and events a second."""
    with tempfile.TemporaryDirectory() as scratch:
        place = make_project(Path(scratch) / "shop", AGENTS)
        crowd = Crowd(place, clock(), past=200)
        crowd.live()
        live = [name for name in crowd.story.state.moving if crowd.story.state.runs[name].state == "running"]
        agents = {name: crowd.story.state.runs[name].agent for name in live}
        _lengthen(crowd, live)
        crowd.close()
        figures: dict[str, Any] = {"events": EVENTS, "agents": AGENTS, "live": len(live)}
        figures |= _projection(place)
        with lease(place.lock), _served(place) as (address, link):
            figures |= _browser(place, address, link, agents)
        return figures


def _lengthen(crowd: Crowd, live: list[str]) -> None:
    """What a long log is mostly made of: what runs do."""
    left = EVENTS - crowd.story.state.seq
    at = 0
    while left > 0:
        group = []
        for _ in range(min(_GROUP, left)):
            at += 1
            run = live[at % len(live)]
            data = {"run": run, "action": f"Edit: src/part{at % 50}.py"}
            group.append(Event(events.RUN_ACTED, data, subject=f"run/{run}", source="agent/x"))
        crowd.log.append(group)
        left -= len(group)


def _projection(place: Place) -> dict[str, Any]:
    log = SqliteLog(place.log)
    projection = Projection(log, lambda: load_fleet(place), lambda: watcher_status(place), clock)
    began = time.process_time()
    projection.load()
    took = time.process_time() - began
    log.close()
    return {"projected_per_second": round(projection.state.seq / took)}


@contextmanager
def _served(place: Place) -> Iterator[tuple[str, str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "fleet", "web", "--port", "0"],
        cwd=place.root,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        link = next(found[0] for line in process.stdout if (found := re.search(r"http://\S+", line)))
        yield link.partition("/enter")[0], link
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def _browser(place: Place, address: str, link: str, agents: dict[str, str]) -> dict[str, Any]:
    from playwright.sync_api import sync_playwright

    chromium = os.environ.get("FLEET_TEST_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, headless=True, args=list(_ARGS))
        page = browser.new_context(viewport={"width": 1280, "height": 860}).new_page()
        page.goto(link)
        page.wait_for_url(f"{address}/")
        served, painted = [], []
        for _ in range(7):
            page.goto(f"{address}/")
            page.wait_for_selector('#link[data-state="live"]')
            served.append(
                page.evaluate(
                    "(() => { const n = performance.getEntriesByType('navigation')[0];"
                    " return n.responseEnd - n.requestStart })()"
                )
            )
            painted.append(
                page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
            )
        figures = _storm(place, page, agents)
        browser.close()
    return {
        "overview_ms": round(statistics.median(served), 1),
        "first_paint_ms": round(statistics.median(painted), 1),
        **figures,
    }


def _storm(place: Place, page: Any, agents: dict[str, str]) -> dict[str, Any]:
    """So many events a second for a while, seen from the page."""
    session = page.context.new_cdp_session(page)
    # The thread's own time, so that what others do on the machine is not counted.
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.evaluate(_SEEN)

    def now() -> dict[str, float]:
        found = {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}
        return found | {"Wall": time.monotonic()}

    before = now()
    writer = subprocess.Popen(
        [sys.executable, __file__, "storm", str(place.root), *agents], stdout=subprocess.PIPE, text=True
    )
    page.wait_for_timeout(SECONDS * 1000)
    after = now()
    said = writer.communicate(timeout=60)[0]
    late = sorted(page.evaluate("window.late"))
    passed = after["Wall"] - before["Wall"]
    busy = after["TaskDuration"] - before["TaskDuration"]
    return {
        "written_per_second": float(said),
        "busy_percent": round(100 * busy / passed, 1),
        "layout_percent": round(100 * (after["LayoutDuration"] - before["LayoutDuration"]) / passed, 1),
        "style_percent": round(
            100 * (after["RecalcStyleDuration"] - before["RecalcStyleDuration"]) / passed, 1
        ),
        "script_percent": round(100 * (after["ScriptDuration"] - before["ScriptDuration"]) / passed, 1),
        "seen": len(late),
        "event_to_screen_median_ms": late[len(late) // 2] if late else None,
        "event_to_screen_p95_ms": late[len(late) * 95 // 100] if late else None,
    }


def _write(root: str, runs: list[str]) -> None:
    """Append events at the pace, as a watcher would."""
    log = SqliteLog(Place(Path(root)).log)
    began, count = time.monotonic(), 0
    while (passed := time.monotonic() - began) < SECONDS + 1:
        while count < passed * PER_SECOND:
            run = runs[count % len(runs)]
            data = {"run": run, "action": f"beat {time.time_ns() // 1_000_000}"}
            log.append([Event(events.RUN_ACTED, data, subject=f"run/{run}", source="agent/x")])
            count += 1
        time.sleep(0.002)
    print(round(count / (time.monotonic() - began), 1))
    log.close()


def table(figures: dict[str, Any]) -> str:
    """The figures for people."""
    return "\n".join(f"{name.replace('_', ' '):32}{value!s:>12}" for name, value in figures.items())


if __name__ == "__main__":
    if sys.argv[1:2] == ["storm"]:
        _write(sys.argv[2], sys.argv[3:])
    else:
        print(table(measure()))
