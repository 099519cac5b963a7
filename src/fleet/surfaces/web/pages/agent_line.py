"""One agent at work, as the overview shows it.

Between two drawings most agents have not changed as far as one can see, so what was drawn is remembered by
just that: the figures as they are shown, and times by when they began.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from fleet.model.event import parse_rfc3339
from fleet.model.state import State
from fleet.surfaces.web.canvas import Row, row
from fleet.surfaces.web.draw.parts import (
    agent_link,
    badge,
    budget_bars,
    change_link,
    item_link,
    run_link,
    tone_of,
    words,
)
from fleet.surfaces.web.draw.times import running
from fleet.surfaces.web.html import Child, Html, tag


class _Doing(NamedTuple):
    """A live run as it is seen. `since` is ms since the epoch, 0 while it starts."""

    run: str
    job: str
    item: int
    title: str
    change: int
    action: str
    since: int


class _Line(NamedTuple):
    """An agent as it is seen. `used` and `limit` are time, cost and tokens."""

    name: str
    state: str
    reason: str
    under: str
    doing: tuple[_Doing, ...]
    used: tuple[float, ...]
    limit: tuple[float | None, ...]


_KINDS = ("time", "cost", "tokens")


def agent_line(state: State, each: Mapping[str, Any]) -> Row:
    """The line of an agent, from its row in `fleet.views.agents`."""
    budget = each["budget"]
    slots = f"{each['slots_used']} of {each['slots']} slots" if each["slots"] > 1 else ""
    time = budget["time"]["used"]
    line = _Line(
        each["name"],
        each["state"],
        each["reason"],
        " · ".join(part for part in (each["model"], slots) if part),
        tuple(_doing(state, run) for run in each["runs"]),
        (time // 60 * 60 or min(time, 1), round(budget["cost"]["used"], 2), budget["tokens"]["used"]),
        tuple(budget[kind]["limit"] for kind in _KINDS),
    )
    return _drawn(line)


@lru_cache(maxsize=2048)
def _drawn(line: _Line) -> Row:
    gauges = zip(_KINDS, line.used, line.limit, strict=True)
    doing: Child = [_run(each) for each in line.doing] or tag("p", line.reason, class_="why")
    reason = tag("p", line.reason, class_="why") if line.doing and line.reason else None
    return row(
        f"agent-{line.name}",
        "li",
        tag(
            "div",
            tag("strong", agent_link(line.name)),
            badge(line.state),
            tag("span", line.under, class_="dim small"),
            class_="agent-name",
        ),
        tag("div", doing, reason, class_="agent-doing"),
        budget_bars({kind: {"used": used, "limit": limit} for kind, used, limit in gauges}),
        class_=f"agent {tone_of(line.state)}",
    )


def _doing(state: State, run: Mapping[str, Any]) -> _Doing:
    item = state.items.get(run["item"] or 0)
    return _Doing(
        run["id"],
        run["job"],
        item.id if item else 0,
        item.title if item else run["job"],
        run["pr"] or 0,
        run["doing"] or run["phase"],
        parse_rfc3339(run["started"]) if run["started"] else 0,
    )


def _run(doing: _Doing) -> Html:
    what = item_link(doing.item, f"#{doing.item} {doing.title}") or tag("span", doing.title)
    about = words(doing.job, run_link(doing.run), change_link(doing.change))
    return tag(
        "div",
        tag("p", what, tag("span", " · ", about, class_="dim"), class_="doing-what"),
        tag("p", tag("span", doing.action, class_="action"), class_="doing-last"),
        tag("p", running(doing.since) or "starts", class_="doing-time"),
        class_="doing",
    )
