"""The overview: what needs you, who works on what, what comes next, what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fleet.model.event import parse_rfc3339
from fleet.surfaces.questions import ask
from fleet.surfaces.web.canvas import Canvas, Row, row
from fleet.surfaces.web.draw.parts import (
    about,
    agent_link,
    ceiling,
    dollars,
    run_link,
    section,
    sign,
    words,
)
from fleet.surfaces.web.draw.times import running
from fleet.surfaces.web.html import Html, tag, url
from fleet.surfaces.web.look import Look, Page
from fleet.surfaces.web.pages.agent_line import agent_line
from fleet.surfaces.web.pages.overview_side import changes, ended, lately, queue, queued_runs
from fleet.views.agents import agents as rows_of
from fleet.views.waiting import approvals

_FIRST = {"quarantined": 0, "failed": 1, "blocked": 2, "running": 3, "idle": 4}
_MOST = 30
_CROWD = 8
"""With more agents than that at work each gets a line instead of a paragraph."""

Row_ = Mapping[str, Any]


async def overview(look: Look) -> Page:
    """The page `/`."""
    canvas = Canvas()
    found = rows_of(look.fleet, look.state, look.now, watched=look.watched)
    waiting = approvals(look.state, look.now)
    agents = sorted(found, key=lambda each: _FIRST.get(each["state"], 4))
    busy = [each for each in agents if each["state"] != "idle"]
    idle = [each for each in agents if each["state"] == "idle"]
    main = [
        tag("h1", f"Overview of {look.fleet.name}", class_="unseen"),
        _tiles(canvas, look, agents, waiting=len(waiting)),
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
    title = f"({len(waiting)}) {name}" if waiting else name
    return Page(title, "overview", tag("div", main), canvas)


def _tiles(canvas: Canvas, look: Look, agents: Sequence[Row_], *, waiting: int) -> Html:
    live = sum(each["slots_used"] for each in agents)
    slots = sum(each["slots"] for each in agents)
    queued = len(queued_runs(look.state))
    troubled = [each for each in agents if each["state"] in ("failed", "quarantined", "blocked")]
    cost = sum(each["budget"]["cost"]["used"] for each in agents)
    limits = [each["budget"]["cost"]["limit"] for each in agents]
    most = f"of {ceiling(sum(limits))}" if limits and all(limits) else "no ceiling for all"
    tiles = [
        _tile(
            "needs",
            "Needs you",
            str(waiting),
            "waits for your word" if waiting else "nothing waits",
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
    rows = [_question(look, each) for each in waiting[:_MOST]]
    if not rows:
        rows = [row("needs-none", "li", sign("good"), tag("span", "Nothing needs you."), class_="calm")]
    return section("Needs you", canvas.many("needs", "ul", rows, class_="cards"))


def _question(look: Look, each: Row_) -> Row:
    change = look.state.changes.get(each["pr"] or 0)
    item = look.state.items.get(each["item"] or 0)
    title = change.title if change else item.title if item else each["why"]
    link = url("approvals", each["id"])
    return row(
        f"need-{each['id']}",
        "li",
        sign("warn"),
        tag(
            "div",
            tag("a", title, href=link, class_="card-title"),
            tag("p", each["why"]),
            tag(
                "p",
                words(
                    ask(each["kind"]),
                    about(each),
                    run_link(each["run"]),
                    tag("span", "waits ", running(_ms(each["asked"]))),
                ),
                class_="dim",
            ),
        ),
        tag("a", "Answer", tag("span", f" {each['id']}", class_="unseen"), href=link, class_="button main"),
        class_="card",
    )


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


def _ms(moment: str | None) -> int:
    return parse_rfc3339(moment) if moment else 0
