"""All agents, and one of them: what it does, what it spent, what it did; quarantine and release."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fleet.policy.record import standing_of
from fleet.surfaces.web.canvas import Canvas, row
from fleet.surfaces.web.draw.forms import button, field, folded, form
from fleet.surfaces.web.draw.parts import (
    agent_link,
    badge,
    budget_bars,
    dollars,
    facts,
    run_link,
    section,
    words,
)
from fleet.surfaces.web.draw.plots import Point, plot
from fleet.surfaces.web.draw.record import record_block, record_words
from fleet.surfaces.web.draw.shell import heading
from fleet.surfaces.web.html import Html, tag, url
from fleet.surfaces.web.look import ALWAYS, Look, Missing, Page
from fleet.surfaces.web.pages.runs import run_rows
from fleet.views.agents import agents as rows_of
from fleet.views.record import row_of
from fleet.views.units import DAY_MS, moment

_LATEST, _DAYS = 20, 14


async def agents(look: Look) -> Page:
    """The page `/agents`."""
    canvas = Canvas()
    rows = [
        row(
            f"agent-{each['name']}",
            "li",
            tag(
                "div",
                tag("strong", agent_link(each["name"])),
                badge(each["state"]),
                tag("span", words(each["duty"], each["harness"], each["model"]), class_="dim small"),
                class_="agent-name",
            ),
            tag(
                "div",
                tag(
                    "p",
                    f"{each['slots_used']} of {each['slots']} slots",
                    [[" · ", run_link(run["id"])] for run in each["runs"]],
                ),
                tag("p", each["reason"], class_="why") if each["reason"] else None,
                tag("p", record_words(_record(look, each["name"])), class_="dim small"),
                class_="agent-doing",
            ),
            budget_bars(each["budget"]),
            class_="agent",
        )
        for each in rows_of(look.fleet, look.state, look.now, watched=look.watched)
    ] or [row("agents-none", "li", "fleet.yaml declares no agent.", class_="dim")]
    main = tag(
        "div", heading("Agents"), section("All agents", canvas.many("agents", "ul", rows, class_="agents"))
    )
    return Page("Agents", "agents", main, canvas)


async def agent(look: Look) -> Page:
    """The page `/agents/NAME`."""
    name = look.words["name"]
    canvas = Canvas()
    found = next(
        (
            each
            for each in rows_of(look.fleet, look.state, look.now, watched=look.watched)
            if each["name"] == name
        ),
        None,
    )
    if found is None:
        raise Missing(f"There is no agent {name!r}")
    runs = [run for run in look.state.runs.values() if run.agent == name][-_LATEST:]
    main = tag(
        "div",
        heading(["Agent ", name], canvas.live("state", "div", badge(found["state"]), " ", found["reason"])),
        tag(
            "div",
            tag(
                "div",
                section("Runs", canvas.many("runs", "ul", run_rows(look, reversed(runs)), class_="list")),
                class_="wide",
            ),
            tag(
                "div",
                section("Today", canvas.live("budget", "div", budget_bars(found["budget"]))),
                section("Record", canvas.live("record", "div", record_block(_record(look, name)))),
                section("Cost by day", canvas.live("days", "div", _days(look, name))),
                section("As fleet.yaml says", canvas.live("facts", "div", _facts(found))),
                section("Quarantine", canvas.live("quarantine", "div", _quarantine(look, name, found))),
                class_="side",
            ),
            class_="columns",
        ),
    )
    about = ALWAYS | {f"agent/{name}"} | {f"run/{run['id']}" for run in found["runs"]}
    return Page(name, "agents", main, canvas, about)


def _record(look: Look, name: str) -> dict[str, Any]:
    return row_of(name, standing_of(look.state, [f"agent/{name}"]), look.state)


def _days(look: Look, name: str) -> Html:
    record = look.state.agents.get(name)
    spent = record.spent if record else {}
    today = look.now // DAY_MS
    points = [
        Point((moment(day * DAY_MS) or "")[:10], spent.get(day, {}).get("cost_micros", 0) / 1e6)
        for day in range(today - _DAYS + 1, today + 1)
    ]
    return plot("p-days", "Ended runs, by the day of their end", points, dollars)


def _facts(found: Mapping[str, Any]) -> Html:
    return facts(
        [
            ("duty", found["duty"]),
            ("harness", found["harness"]),
            ("model", found["model"] or "the harness's own"),
            ("slots", f"{found['slots_used']} of {found['slots']} in use"),
            ("failures in a row", found["failures_in_a_row"]),
            ("denied actions", found["denied_actions"]),
        ]
    )


def _quarantine(look: Look, name: str, found: Mapping[str, Any]) -> Html:
    if found["state"] == "quarantined" and not look.may_govern:
        return tag("p", found["reason"])
    if not look.may_operate:
        return tag("p", "It is not in quarantine.", class_="dim")
    if found["state"] == "quarantined":
        return form(
            url("agents", name, "release"),
            look.token,
            tag("p", found["reason"]),
            field("reason", "Why it may work again", id="reason", lines=1, needed=True),
            button("Release it", kind="main"),
        )
    return folded(
        "Let it do nothing more",
        form(
            url("agents", name, "quarantine"),
            look.token,
            tag(
                "p", "Its runs are stopped, and it gets no new ones until a person releases it.", class_="dim"
            ),
            field("reason", "Why", id="reason", lines=1, needed=True),
            button("Quarantine it", kind="danger", ask=f"Stop all runs of {name}?"),
        ),
        id="quarantine-fold",
    )
