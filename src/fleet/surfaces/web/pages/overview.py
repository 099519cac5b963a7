"""The overview: what needs you, who works on what, what comes next, what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fleet.surfaces.web.canvas import Canvas, Row, row
from fleet.surfaces.web.draw.parts import (
    agent_link,
    ceiling,
    dollars,
    section,
    sign,
)
from fleet.surfaces.web.html import Html, tag
from fleet.surfaces.web.look import Look, Page
from fleet.surfaces.web.pages.agent_line import agent_line
from fleet.surfaces.web.pages.need import need_row
from fleet.surfaces.web.pages.overview_side import changes, ended, lately, queue, queued_runs
from fleet.views.agents import agents as rows_of
from fleet.views.needs import needs

_FIRST = {"quarantined": 0, "failed": 1, "blocked": 2, "running": 3, "idle": 4}
_MOST = 5
_CROWD = 8
"""With more agents than that at work each gets a line instead of a paragraph."""

Row_ = Mapping[str, Any]


async def overview(look: Look) -> Page:
    """The page `/`."""
    canvas = Canvas()
    found = rows_of(look.fleet, look.state, look.now, watched=look.watched)
    waiting = needs(look.fleet, look.state, look.now)
    answerable = sum(1 for each in waiting if each["answers"])
    agents = sorted(found, key=lambda each: _FIRST.get(each["state"], 4))
    busy = [each for each in agents if each["state"] != "idle"]
    idle = [each for each in agents if each["state"] == "idle"]
    main = [
        tag("h1", f"Overview of {look.fleet.name}", class_="unseen"),
        _tiles(canvas, look, agents, waiting=answerable),
        tag(
            "div",
            tag("div", _needs_you(canvas, look, waiting), _agents(canvas, look, busy, idle), class_="wide"),
            tag(
                "div",
                changes(canvas, look),
                queue(canvas, look),
                ended(canvas, look),
                lately(canvas, look),
                class_="side",
            ),
            class_="columns",
        ),
    ]
    name = look.fleet.name
    title = f"({answerable}) {name}" if answerable else name
    return Page(title, "overview", tag("div", main), canvas)


def _tiles(canvas: Canvas, look: Look, agents: Sequence[Row_], *, waiting: int) -> Html:
    live = sum(each["slots_used"] for each in agents)
    slots = sum(each["slots"] for each in agents)
    queued = len(queued_runs(look.state))
    troubled = [each for each in agents if each["state"] in ("failed", "quarantined", "blocked")]
    cost = sum(each["budget"]["cost"]["used"] for each in agents)
    limits = [each["budget"]["cost"]["limit"] for each in agents]
    most = f"of {ceiling(sum(limits))}" if limits and all(limits) else "not all have a ceiling"
    tiles = [
        _tile(
            "needs",
            "Needs you",
            str(waiting),
            _many(waiting, "waits", "wait") if waiting else "nothing waits",
            "/approvals",
            "warn" if waiting else "good",
        ),
        _tile("work", "At work", str(live), f"of {slots} slots", "/agents", "busy" if live else "quiet"),
        _tile(
            "trouble",
            "In trouble",
            str(len(troubled)),
            "agents" if troubled else "all agents are well",
            "/agents",
            "bad" if troubled else "good",
        ),
        _tile(
            "queue",
            "Queue",
            str(queued),
            "runs wait" if queued else "nothing waits",
            "#queue",
            "quiet",
        ),
        _tile("spent", "Spent today", dollars(cost), most, "/budgets", "quiet"),
    ]
    return canvas.many("tiles", "ul", tiles, class_="tiles", aria_label="At a glance")


def _many(count: int, one: str, many: str) -> str:
    return f"{one if count == 1 else many} for your word"


def _tile(id: str, name: str, figure: str, under: str, href: str, tone: Any) -> Row:
    return row(
        f"tile-{id}",
        "li",
        tag(
            "a",
            tag("span", sign(tone), name, class_="tile-name"),
            tag("span", figure, class_="tile-figure"),
            tag("span", under, class_="tile-under"),
            href=href,
        ),
        class_=f"tile {tone if id in ('needs', 'trouble') else 'quiet'}",
    )


def _needs_you(canvas: Canvas, look: Look, waiting: Sequence[Row_]) -> Html:
    rows = [need_row(look, each, answer=False) for each in waiting[:_MOST]]
    if not rows:
        rows = [row("needs-none", "li", sign("good"), tag("span", "Nothing needs you."), class_="calm")]
    over = len(waiting) - _MOST
    if over > 0:
        more = tag("a", f"and {over} more", href="/approvals")
        rows.append(row("needs-more", "li", more, class_="more"))
    return section("Needs you", canvas.many("needs", "ul", rows, class_="cards tight"))


def _agents(canvas: Canvas, look: Look, busy: Sequence[Row_], idle: Sequence[Row_]) -> Html:
    rows = [agent_line(look.state, each) for each in busy]
    if not rows:
        rows = [row("agents-none", "li", sign("quiet"), tag("span", "No agent is at work."), class_="calm")]
    resting = canvas.live(
        "idle",
        "p",
        [tag("span", f"{len(idle)} idle: ", class_="dim"), [[agent_link(each["name"]), " "] for each in idle]]
        if idle
        else "",
        class_="idle",
    )
    return section(
        "Agents",
        canvas.many("agents", "ul", rows, class_="agents crowd" if len(busy) > _CROWD else "agents"),
        resting,
    )
