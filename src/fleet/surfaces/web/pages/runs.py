"""Runs as a list."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from fleet.model.state import Run
from fleet.surfaces.web.canvas import Canvas, Row, row
from fleet.surfaces.web.draw.parts import (
    agent_link,
    badge,
    change_link,
    dollars,
    item_link,
    length,
    run_link,
    section,
    words,
)
from fleet.surfaces.web.draw.shell import heading
from fleet.surfaces.web.draw.times import ago_since, running
from fleet.surfaces.web.html import Html, join, tag
from fleet.surfaces.web.look import Look, Page
from fleet.views.agents import run_row

_LATEST = 100


async def runs(look: Look) -> Page:
    """The page `/runs`: the newest ones."""
    canvas = Canvas()
    newest = list(islice(reversed(look.state.runs.values()), _LATEST))
    rows = run_rows(look, newest)
    over = len(look.state.runs) - len(newest)
    more = tag("p", f"{over} older ones: fleet runs --all", class_="dim") if over else None
    main = tag(
        "div", heading("Runs"), section("Newest first", canvas.many("runs", "ul", rows, class_="list"), more)
    )
    return Page("Runs", "runs", main, canvas)


def run_rows(look: Look, found: Iterable[Run], *, title: bool = True) -> list[Row]:
    """A row for each run; with its item's `title` where that is not told beside it."""
    return [_row(look, run, title=title) for run in found] or [
        row("runs-none", "li", "No run yet.", class_="dim")
    ]


def _row(look: Look, run: Run, *, title: bool) -> Row:
    each = run_row(run, look.now)
    item = look.state.items.get(run.item) if title else None
    lasts: str | Html = running(run.started) if run.live else length(each["seconds"])
    if run.state == "queued":
        lasts = join("queued ", running(run.queued))
    return row(
        f"run-{run.id}",
        "li",
        tag(
            "div",
            tag(
                "span",
                run_link(run.id),
                " ",
                run.job,
                " ",
                item_link(run.item, f"#{run.item} {item.title}") if item else None,
            ),
            badge(run.outcome or run.state),
            class_="line",
        ),
        tag(
            "p",
            words(
                agent_link(run.agent),
                change_link(run.change) if run.change else None,
                lasts,
                dollars(each["cost"]) if each["cost"] else None,
                ago_since(run.ended) if run.ended else None,
                each["reason"] or each["doing"],
                f"waits for an answer: {each['waits_for']}" if each["waits_for"] else None,
            ),
            class_="dim small",
        ),
    )
