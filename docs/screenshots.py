"""Writes the pictures of the page that these pages show: `make screenshots`.

    python docs/screenshots.py              the pictures of docs/pictures
    python docs/screenshots.py FOLDER       every page, with 3, 30 and 100 agents, both sizes, both schemes

It needs Chromium, whose path FLEET_TEST_CHROMIUM may say.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser, sync_playwright

from fleet.engine.lease import lease
from fleet.testing.crowd import Crowd, make_project
from fleet.wiring import Place, clock

PICTURES = Path(__file__).parent / "pictures"
DESK, PHONE = {"width": 1280, "height": 780}, {"width": 390, "height": 844}
_ARGS = ("--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-background-networking")
_PAST = 120


class Shot(NamedTuple):
    """One picture: its name, the page, and how it is looked at."""

    name: str
    path: str
    agents: int = 30
    phone: bool = False
    dark: bool = False
    whole: bool = False


SHOTS = (
    Shot("overview", "/"),
    Shot("overview-phone", "/", phone=True, dark=True),
    Shot("approval", "/approvals/{merge}"),
    Shot("approvals-phone", "/approvals", phone=True),
    Shot("insight", "/insight"),
    Shot("budgets", "/budgets"),
    Shot("item", "/items/{item}", dark=True),
)
_PAGES = (
    *("/", "/approvals", "/approvals/{merge}", "/agents", "/agents/{agent}", "/runs", "/runs/{run}"),
    *("/items/{item}", "/changes/{change}", "/budgets", "/insight", "/audit"),
)


def every() -> Iterator[Shot]:
    """Each page in each way."""
    for agents in (3, 30, 100):
        for phone in (False, True):
            for dark in (False, True):
                for path in _PAGES if agents == 30 else ("/", "/approvals", "/agents", "/insight"):
                    name = re.sub(r"\W+", "-", path).strip("-") or "overview"
                    size = "phone" if phone else "desk"
                    scheme = "dark" if dark else "light"
                    yield Shot(f"{name}-{agents}-{size}-{scheme}", path, agents, phone, dark, whole=True)


@contextmanager
def served(place: Place) -> Iterator[tuple[str, str]]:
    """The page of a project: its address, and the link that lets one in."""
    names = {name: value for name, value in os.environ.items() if not name.startswith("FLEET_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "fleet", "web", "--port", "0"],
        cwd=place.root,
        env={**names, "LOGNAME": "mia", "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        link = next(found[0] for line in process.stdout if (found := re.search(r"http://\S+", line)))
        yield link.partition("/enter")[0], link
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def names_of(crowd: Crowd) -> dict[str, str]:
    """What the addresses of the pages name."""
    state = crowd.story.state
    waiting = [state.approvals[name] for name in state.asked]
    merge = next((each for each in waiting if each.kind == "merge"), None) or next(
        iter(state.approvals.values())
    )
    change = state.changes[merge.change] if merge.change else next(iter(state.changes.values()))
    live = [name for name in state.moving if state.runs[name].state == "running"]
    return {
        "merge": merge.id,
        "change": str(change.id),
        "item": str(change.item),
        "run": live[0],
        "agent": state.runs[live[0]].agent,
    }


def take(browser: Browser, folder: Path, agents: int, shots: list[Shot]) -> None:
    """The pictures of one fleet."""
    with tempfile.TemporaryDirectory() as scratch:
        place = make_project(Path(scratch) / "shop", agents)
        crowd = Crowd(place, clock(), past=_PAST)
        crowd.live()
        names = names_of(crowd)
        crowd.close()
        with lease(place.lock), served(place) as (address, link):
            context = browser.new_context(locale="en-GB", reduced_motion="reduce")
            page = context.new_page()
            page.goto(link)
            page.wait_for_url(f"{address}/")
            for shot in shots:
                page.set_viewport_size(PHONE if shot.phone else DESK)  # type: ignore[arg-type]
                page.emulate_media(color_scheme="dark" if shot.dark else "light")
                page.goto(f"{address}{shot.path.format(**names)}")
                page.wait_for_selector('#link[data-state="live"]')
                page.screenshot(path=folder / f"{shot.name}.png", full_page=shot.whole)
            context.close()


def main(words: list[str]) -> None:
    """Take the pictures."""
    chromium = os.environ.get("FLEET_TEST_CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        sys.exit("Chromium is not there: apt-get install chromium")
    folder = Path(words[0]) if words else PICTURES
    folder.mkdir(parents=True, exist_ok=True)
    shots = list(every() if words else SHOTS)
    if len(words) > 1:
        shots = [shot for shot in shots if any(word in shot.name for word in words[1:])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, headless=True, args=list(_ARGS))
        for agents in sorted({shot.agents for shot in shots}):
            take(browser, folder, agents, [shot for shot in shots if shot.agents == agents])
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
