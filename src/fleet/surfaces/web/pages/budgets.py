"""What was spent today by each agent against its ceilings, and in all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fleet.surfaces.figures import tokens
from fleet.surfaces.web.canvas import Canvas, row
from fleet.surfaces.web.draw.parts import (
    agent_link,
    badge,
    budget_bars,
    ceiling,
    dollars,
    facts,
    figures,
    item_link,
    length,
    run_link,
    section,
)
from fleet.surfaces.web.draw.shell import heading
from fleet.surfaces.web.draw.times import coarse
from fleet.surfaces.web.html import Html, tag
from fleet.surfaces.web.look import Look, Page
from fleet.views.forecast import forecast
from fleet.views.ledger import ledger

_DEAREST, _SOONEST = 20, 5


async def budgets(look: Look) -> Page:
    """The page `/budgets`."""
    canvas = Canvas()
    book = ledger(look.fleet, look.state, look.now)
    ahead = forecast(look.fleet, look.state, look.now)
    ahead_of = {each["agent"]: each for each in ahead["agents"]}
    rows = [
        row(
            f"budget-{each['agent']}",
            "li",
            tag(
                "div",
                tag("strong", agent_link(each["agent"])),
                tag(
                    "span", f"{each['runs']} run{'' if each['runs'] == 1 else 's'} today", class_="dim small"
                ),
                badge("stopped by its budget", "warn") if each["refused"] else None,
                class_="agent-name",
            ),
            tag("div", _ceilings(each, ahead_of.get(each["agent"], {})), class_="agent-doing"),
            budget_bars(each),
            class_="agent",
        )
        for each in book["agents"]
    ] or [row("budget-none", "li", "fleet.yaml declares no agent.", class_="dim")]
    dearest = sorted(book["runs"], key=lambda each: -float(each["cost"]))[:_DEAREST]
    main = tag(
        "div",
        heading("Budgets", f"The day is UTC, and ends at {book['until'][11:16]}."),
        canvas.live("ahead", "div", _ahead(ahead)),
        section("Today", canvas.many("budgets", "ul", rows, class_="agents")),
        section("In all", canvas.live("total", "div", _total(book["total"]))),
        section("The dearest runs", canvas.live("dearest", "div", _table(dearest))),
    )
    return Page("Budgets", "budgets", main, canvas)


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
    per_run = ", ".join(
        part
        for part in (
            length(most["time"]) if most["time"] else "",
            dollars(most["cost"]) if most["cost"] else "",
        )
        if part
    )
    held = ", ".join(
        part
        for part in (
            coarse(aside["time"]) if aside["time"] else "",
            dollars(aside["cost"]) if aside["cost"] else "",
        )
        if part
    )
    return tag(
        "div",
        tag("p", f"a run may use {per_run}" if per_run else "no ceiling for a run", class_="dim"),
        tag("p", f"set aside for live runs: {held}", class_="dim") if held else None,
        tag("p", f"by the end of the day: {dollars(ahead['forecast'])}", class_="dim")
        if ahead.get("per_hour")
        else None,
        tag("p", each["refused"], class_="why") if each["refused"] else None,
    )


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
