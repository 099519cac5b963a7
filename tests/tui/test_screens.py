"""The screens as they are drawn, kept as text beside this file, so that a review sees what has moved.

`FLEET_WRITE_SCREENS=1 pytest tests/tui/test_screens.py` writes them anew.
"""

from __future__ import annotations

import asyncio
import difflib
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.tui.conftest import Seat

from fleet.adapters.logs.sqlite import SqliteLog
from fleet.surfaces.tui.app import Dashboard
from fleet.surfaces.tui.live import Live
from fleet.testing.crowd import Crowd, make_project
from fleet.wiring import Place, load_fleet

KEPT = Path(__file__).parent / "screens"
NOW = 1_790_000_000_000  # on a Monday, 13:33 UTC
SIZES = ((80, 24), (120, 40))
CROWDS = {3: (8, 0.7), 30: (6, 0.7), 100: (2, 0.0)}  # agents → issues done before, share at work
SPINNER = re.compile("[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]")


@pytest.fixture(scope="module")
def fixed() -> Iterator[None]:
    """The same hour and the same commits, wherever and whenever this runs."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TZ", "UTC")
        for role in ("AUTHOR", "COMMITTER"):
            patched.setenv(f"GIT_{role}_DATE", "2026-09-01T12:00:00Z")
        time.tzset()
        yield
    time.tzset()


@pytest.fixture(scope="module", params=sorted(CROWDS))
def crowd(request: pytest.FixtureRequest, fixed: None, tmp_path_factory: pytest.TempPathFactory) -> Place:
    place = make_project(tmp_path_factory.mktemp("shop") / "shop", request.param)
    past, share = CROWDS[request.param]
    made = Crowd(place, NOW, past=past)
    made.live(share)
    made.close()
    return place


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_a_screen_looks_as_it_did(crowd: Place, size: tuple[int, int]) -> None:
    agents = len(load_fleet(crowd).agents)
    drawn = asyncio.run(_drawn(crowd, size))
    path = KEPT / f"{agents}-agents-{size[0]}x{size[1]}.txt"
    if os.environ.get("FLEET_WRITE_SCREENS"):
        KEPT.mkdir(exist_ok=True)
        path.write_text(drawn, encoding="utf-8")
    kept = path.read_text(encoding="utf-8") if path.exists() else ""
    moved = difflib.unified_diff(kept.splitlines(), drawn.splitlines(), "kept", "drawn", lineterm="", n=2)
    assert drawn == kept, "\n".join(moved)


async def _drawn(place: Place, size: tuple[int, int]) -> str:
    """The first screen, then those of the keys, one below the other."""
    log = SqliteLog(place.log)
    live = Live(log, lambda: load_fleet(place), lambda: {"running": True}, lambda: NOW)
    live.load()
    app, screens = Dashboard(place, live, "user/mia"), []
    async with app.run_test(size=size) as pilot:
        seat = Seat(app, pilot)
        await seat.sees("AGENTS", "EVENTS", *(["files  +"] if live.state.asked else []))
        screens.append(("the first screen", await _still(seat)))
        for key, word, what in (
            ("c", "BUDGETS", "costs"),
            ("i", "INSIGHT", "insight"),
            ("p", "RECORD", "an agent"),
            *([("enter", "good for", "a question")] if live.state.asked else []),
        ):
            await seat.press(key)
            await seat.sees(word, "esc back")
            screens.append((what, await _still(seat)))
            await seat.press("escape")
            await seat.sees("AGENTS", "EVENTS")
    log.close()
    return "".join(f"===== {what}\n{screen}" for what, screen in screens)


async def _still(seat: Seat) -> str:
    """The screen once it does not move any more."""
    before = ""
    while before != seat.text:
        before = seat.text
        await seat.pilot.pause(0.15)
    return "".join(f"{SPINNER.sub('⠿', line).rstrip()}\n" for line in seat.lines)
