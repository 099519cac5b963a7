"""What was spent today by each agent against its ceilings, and in all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fleet.surfaces.figures import tokens
from fleet.surfaces.web.canvas import Canvas, Row, row
from fleet.surfaces.web.draw.parts import (
    agent_link,
    badge,
    budget_bars,
    ceiling,
    dollars,
    facts,
    figures,
    item_link,
    run_link,
    section,
    words,
)
from fleet.surfaces.web.draw.plots import Point, plot
from fleet.surfaces.web.draw.shell import heading
from fleet.surfaces.web.draw.times import coarse
from fleet.surfaces.web.html import NOTHING, Html, tag
from fleet.surfaces.web.look import Look, Page
from fleet.views.forecast import by_day, forecast
from fleet.views.ledger import ledger

_DEAREST, _SOONEST = 20, 5
_DAYS, _PLOTTED = 7, 14


async def budgets(look: Look) -> Page:
    """The page `/budgets`."""
    canvas = Canvas()
    book = ledger(look.fleet, look.state, look.now)
    ahead = forecast(look.fleet, look.state, look.now)
    ahead_of = {each["agent"]: each for each in ahead["agents"]}
    used = sorted(book["agents"], key=lambda each: (not each["refused"], -each["cost"]["used"]))
    busy = [each for each in used if each["runs"] or each["refused"]]
    rest = [each for each in used if not (each["runs"] or each["refused"])]
    rows = [_agent_row(each, ahead_of.get(each["agent"], {})) for each in busy]
    rows = rows or [row("budget-none", "li", "No agent has used anything today.", class_="dim")]
    dearest = sorted(book["runs"], key=lambda each: -float(each["cost"]))[:_DEAREST]
    shared = canvas.live("shared", "div", _shared(book["shared"]))
    plotted = by_day(look.fleet, look.state, look.now, _PLOTTED)
    main = tag(
        "div",
        heading("Budgets", f"The day is UTC, and ends at {book['until'][11:16]}."),
        canvas.live("ahead", "div", _ahead(ahead)),
        canvas.live("days", "section", _days(plotted, ahead["day"]), class_="panel"),
        shared,
        section(
            "Today, by agent",
            canvas.many("budgets", "ul", rows, class_="agents spending"),
            canvas.live("rest", "div", _rest(rest)),
        ),
        section("By agent and day", canvas.live("agent-days", "div", _agent_days(look))),
        section("The dearest runs", canvas.live("dearest", "div", _table(dearest))),
        section("In all", canvas.live("total", "div", _total(book["total"]))),
    )
    return Page("Budgets", "budgets", main, canvas)


def _agent_row(each: Mapping[str, Any], ahead: Mapping[str, Any]) -> Row:
    return row(
        f"budget-{each['agent']}",
        "li",
        tag(
            "div",
            tag("strong", agent_link(each["agent"])),
            tag("span", f"{each['runs']} run{'' if each['runs'] == 1 else 's'} today", class_="dim small"),
            badge("stopped by its budget", "warn") if each["refused"] else None,
            class_="agent-name",
        ),
        tag("div", _ceilings(each, ahead), class_="agent-doing"),
        budget_bars(each),
        class_="agent",
    )


def _rest(rest: Sequence[Mapping[str, Any]]) -> Html:
    if not rest:
        return NOTHING
    return tag(
        "p",
        tag("span", f"{len(rest)} have used nothing: ", class_="dim"),
        [[agent_link(each["agent"]), " "] for each in rest],
        class_="idle",
    )


def _days(plotted: Mapping[str, Any], day: Mapping[str, Any]) -> Html:
    """All of them by day, and where today ends at this pace."""
    sums = [
        round(sum(column), 6) for column in zip(*(each["cost"] for each in plotted["agents"]), strict=True)
    ]
    points = [Point(name, cost) for name, cost in zip(plotted["days"], sums, strict=False)]
    if not points:
        return tag("p", "Nothing was spent in these days.", class_="dim")
    more = max(0.0, day["forecast"] - day["used"])
    points[-1] = points[-1]._replace(more=more)
    title = "Spent by day, and what today comes to at this pace"
    return plot("p-days", title, points, _axis, limit=plotted["limit"] or 0.0)


def _axis(amount: float) -> str:
    return ceiling(round(amount, 2))


def _shared(shared: Sequence[Mapping[str, Any]]) -> Html:
    """The ceilings that several runs share: of the fleet, of a workflow, of a week."""
    if not shared:
        return NOTHING
    rows = [
        tag(
            "li",
            tag("div", tag("strong", each["scope"]), tag("span", each["window"], class_="dim small")),
            budget_bars(each),
            class_="agent shared",
        )
        for each in shared
    ]
    return section("Shared ceilings", tag("ul", rows, class_="agents"))


def _agent_days(look: Look) -> Html:
    found = by_day(look.fleet, look.state, look.now, _DAYS)
    if not found["agents"]:
        return tag("p", "Nothing was spent in these days.", class_="dim")
    names = ["agent", *(day[5:] for day in found["days"]), "in all"]
    head = tag(
        "tr", [tag("th", name, scope="col", class_="number" if at else None) for at, name in enumerate(names)]
    )
    rows = [
        tag(
            "tr",
            tag("th", agent_link(each["agent"]), scope="row"),
            [
                tag("td", dollars(cost) if cost else "–", class_="number")
                for cost in [*each["cost"], each["sum"]]
            ],
        )
        for each in found["agents"]
    ]
    return tag(
        "div",
        tag("table", tag("thead", head), tag("tbody", rows)),
        class_="table-room",
        tabindex=0,
        role="region",
        aria_label="Spent by agent and day",
    )


def _ahead(ahead: Mapping[str, Any]) -> list[Html]:
    day, week = ahead["day"], ahead["week"]
    limits = [each["limit"] for each in ahead["agents"]]
    most = f"of {ceiling(sum(limits))}; " if limits and all(limits) else ""
    soon = sorted(
        (each for each in ahead["agents"] if each["full_at"]), key=lambda each: str(each["full_at"])
    )
    told = figures(
        [
            ("An hour", dollars(day["per_hour"]), "by the last three hours"),
            ("By the end of the day", dollars(day["forecast"]), f"{most}{dollars(day['used'])} so far"),
            ("By the end of the week", dollars(week["forecast"]), f"{dollars(week['used'])} since Monday"),
        ]
    )
    return [
        told,
        *(
            tag(
                "p",
                agent_link(each["agent"]),
                f" reaches its ceiling at {each['full_at'][11:16]}.",
                class_="why",
            )
            for each in soon[:_SOONEST]
        ),
    ]


def _ceilings(each: Mapping[str, Any], ahead: Mapping[str, Any]) -> Html:
    most, aside = each["per_run"], each["set_aside"]
    told = words(
        f"by the end of the day {dollars(ahead['forecast'])}" if ahead.get("per_hour") else None,
        f"ceiling reached at {ahead['full_at'][11:16]}" if ahead.get("full_at") else None,
        _both("set aside for live runs", coarse(aside["time"]), aside),
        _both("a run may use", coarse(most["time"] or 0), most),
    )
    return tag(
        "div",
        tag("p", told, class_="dim small"),
        tag("p", each["refused"], class_="why") if each["refused"] else None,
    )


def _both(what: str, time: str, of: Mapping[str, Any]) -> str:
    parts = [time if of["time"] else "", dollars(of["cost"]) if of["cost"] else ""]
    told = ", ".join(part for part in parts if part)
    return f"{what} {told}" if told else ""


def _total(total: Mapping[str, Any]) -> Html:
    return facts(
        [
            ("runs", total["runs"]),
            ("time", coarse(total["seconds"])),
            ("cost", dollars(total["cost"])),
            ("tokens", tokens(total["tokens"])),
        ]
    )


def _table(found: list[dict[str, Any]]) -> Html:
    if not found:
        return tag("p", "No run has begun yet.", class_="dim")
    head = tag(
        "tr",
        [
            tag("th", name, scope="col", class_="number" if name in ("cost", "tokens") else None)
            for name in ("run", "agent", "issue", "cost", "tokens", "outcome")
        ],
    )
    rows = [
        tag(
            "tr",
            tag("td", run_link(each["id"])),
            tag("td", agent_link(each["agent"])),
            tag("td", item_link(each["item"])),
            tag("td", dollars(each["cost"]), class_="number"),
            tag("td", tokens(each["tokens"]), class_="number"),
            tag("td", badge(each["outcome"])),
        )
        for each in found
    ]
    return tag(
        "div",
        tag("table", tag("thead", head), tag("tbody", rows)),
        class_="table-room",
        tabindex=0,
        role="region",
        aria_label="The dearest runs",
    )
