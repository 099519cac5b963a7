"""What came of the work in the last days: figures, plots, and tables by agent, model and template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fleet.surfaces.web.canvas import Canvas
from fleet.surfaces.web.draw.parts import agent_link, dollars, figures, length, section, words
from fleet.surfaces.web.draw.plots import Point, plot
from fleet.surfaces.web.draw.ranks import ranks
from fleet.surfaces.web.draw.shell import heading
from fleet.surfaces.web.html import Child, Html, tag, url
from fleet.surfaces.web.look import ALWAYS, Look, Page
from fleet.views.insight import insight as figures_of

_WINDOWS = (7, 14, 30, 90)
_DEFAULT = 14
_COLUMNS = ("runs", "failed", "merged", "accepted at once", "rounds", "lead time", "cost", "per merged")
_TICK = 60.0
_FEW = 12  # rows of a table that is not folded


async def insight(look: Look) -> Page:
    """The page `/insight`; `?days=` says how far back."""
    canvas = Canvas()
    asked = look.query.get("days", "")
    days = int(asked) if asked.isdigit() and int(asked[:4]) in _WINDOWS else _DEFAULT
    found = figures_of(look.fleet, look.state, look.now, days)
    main = tag(
        "div",
        heading("Insight", words(*(_window(each, days) for each in _WINDOWS))),
        canvas.live("figures", "div", _tiles(found["all"])),
        canvas.live("plots", "div", _plots(found), class_="plots"),
        *(
            section(f"By {name}", canvas.live(f"by-{name}", "div", _by(name, rows)))
            for name, rows in found["by"].items()
        ),
    )
    return Page("Insight", "insight", main, canvas, ALWAYS | {"queue"}, _TICK)


def _window(days: int, now: int) -> Html:
    text = f"{days} days"
    return tag("strong", text) if days == now else tag("a", text, href=url("insight", days=days))


def _tiles(of: Mapping[str, Any]) -> Html:
    share = of["first_pass"]
    failed, ended = of["failed"], of["ended"]
    tiles = (
        ("Merged", str(of["merged"]), "pull requests"),
        (
            "Lead time",
            length(of["lead"]),
            f"from label to merge; 9 of 10 in {length(of['lead_p90'])}",
        ),
        (
            "Accepted at once",
            "–" if share is None else f"{share:.0%}",
            f"{of['rounds'] or '–'} rounds each",
        ),
        ("Per merged", _money(of["cost_per_merged"]), f"{dollars(of['cost'])} in all"),
        ("Failed runs", f"{failed / ended:.0%}" if ended else "–", f"{failed} of {ended}"),
    )
    return figures(tiles)


def _plots(found: Mapping[str, Any]) -> list[Html]:
    days: Sequence[Mapping[str, Any]] = found["days"]

    def over(name: str) -> list[Point]:
        return [Point(each["day"], each[name]) for each in days]

    rounds = [Point(str(each["rounds"]), each["merged"]) for each in found["rounds"]]
    rounds[-1] = Point(f"{rounds[-1].name} or more", rounds[-1].value)
    hours = [Point(each["day"], each["lead"] / 3600 if each["lead"] is not None else None) for each in days]
    return [
        tag("section", plot("p-merged", "Merged pull requests", over("merged"), _count), class_="panel"),
        tag("section", plot("p-lead", "Lead time, median hours", hours, _hours, line=True), class_="panel"),
        tag("section", plot("p-cost", "Cost", over("cost"), _dollars), class_="panel"),
        tag("section", plot("p-rounds", "Merged by rounds", rounds, _count, axis="rounds"), class_="panel"),
    ]


def _by(kind: str, rows: Sequence[Mapping[str, Any]]) -> Html:
    """What each merged, what that cost, how often it was accepted at once; and all figures as a table."""
    if not rows:
        return tag("p", "No run in these days.", class_="dim")

    def over(name: str) -> list[tuple[Child, float | None]]:
        return [(_name(kind, each), each[name]) for each in rows]

    table = _table(kind, rows)
    if len(rows) > _FEW:
        summary = tag("summary", f"All {len(rows)} as a table")
        table = tag("details", summary, table, class_="fold", id=f"by-{kind}-table")
    return tag(
        "div",
        tag(
            "div",
            ranks("Merged", over("merged"), _count),
            ranks("Cost", over("cost"), dollars),
            ranks("Cost per merged", over("cost_per_merged"), dollars),
            ranks("Accepted at once", over("first_pass"), _percent),
            class_="ranked",
        ),
        table,
    )


def _name(kind: str, each: Mapping[str, Any]) -> Child:
    return agent_link(each["name"]) if kind == "agent" else each["name"]


def _table(kind: str, rows: Sequence[Mapping[str, Any]]) -> Html:
    head = tag(
        "tr",
        tag("th", kind, scope="col"),
        [tag("th", name, scope="col", class_="number") for name in _COLUMNS],
    )
    body = [
        tag(
            "tr",
            tag("th", _name(kind, each), scope="row"),
            _cells(each),
        )
        for each in rows
    ]
    return tag(
        "div",
        tag("table", tag("thead", head), tag("tbody", body)),
        class_="table-room",
        tabindex=0,
        role="region",
        aria_label=f"By {kind}",
    )


def _cells(each: Mapping[str, Any]) -> list[Html]:
    share = each["first_pass"]
    cells: list[Child] = [
        each["runs"],
        each["failed"],
        each["merged"],
        "–" if share is None else f"{share:.0%}",
        "–" if each["rounds"] is None else each["rounds"],
        length(each["lead"]),
        dollars(each["cost"]),
        _money(each["cost_per_merged"]),
    ]
    return [tag("td", cell, class_="number") for cell in cells]


def _money(amount: float | None) -> str:
    return "–" if amount is None else dollars(amount)


def _count(value: float) -> str:
    return f"{value:g}"


def _percent(value: float) -> str:
    return f"{value:.0%}"


def _hours(value: float) -> str:
    return f"{value:.1f} h"


def _dollars(value: float) -> str:
    return f"${value:,.0f}" if value >= 10 or value == 0 else f"${value:.2f}"
