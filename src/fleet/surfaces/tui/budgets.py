"""The day's money and time: each agent against its ceilings, where the day ends at this pace, dear runs."""

from __future__ import annotations

from typing import Any

from fleet.surfaces.figures import tokens
from fleet.surfaces.tui.live import Live
from fleet.surfaces.tui.look import Column, Line, Piece, bar, lasted, shown
from fleet.surfaces.tui.rows import Row
from fleet.surfaces.tui.table import said, table, title
from fleet.views.forecast import forecast
from fleet.views.ledger import ledger

_DEAREST = 12
_BAR = 10
_COLUMNS = (
    Column("AGENT", 0),
    Column("SPENT", 8, right=True, gap=1),
    Column("OF CEILING", _BAR, gap=1),
    Column("", 6, right=True),
    Column("TIME", 7, right=True, gap=1),
    Column("OF DAY", 6),
    Column("→ 24:00", 8, right=True),
    Column("FULL", 5),
)
_SHARED = (
    Column("TOGETHER", 0),
    Column("IN A", 5),
    Column("SPENT", 8, right=True, gap=1),
    Column("OF CEILING", _BAR, gap=1),
    Column("", 7, right=True),
    Column("TIME", 7, right=True, gap=1),
    Column("OF IT", 6),
)
_RUNS = (
    Column("RUN", 6),
    Column("AGENT", 14),
    Column("JOB", 0),
    Column("ABOUT", 7),
    Column("COST", 8, right=True, gap=1),
    Column("OF RUN", 6),
    Column("TIME", 7, right=True, gap=1),
    Column("OF RUN", 6),
    Column("CAME TO", 9),
)


def budgets(live: Live, room: int) -> tuple[Line, list[Row]]:
    """The page."""
    book, ahead = (each(live.fleet, live.state, live.now) for each in (ledger, forecast))
    day, week = ahead["day"], ahead["week"]
    head: Line = (
        ("BUDGETS", "bold"),
        (f"  {book['day']} UTC", "dim"),
    )
    now = said(
        (f"${day['used']:.2f} today", "bold"),
        (f", ${day['forecast']:.2f} by its end at ${day['per_hour']:.2f} an hour", ""),
        (f"   week ${week['used']:.2f} → ${week['forecast']:.2f}", "dim"),
    )
    by_name = {each["agent"]: each for each in ahead["agents"]}
    found = sorted(
        book["agents"], key=lambda row: (-_fullest(row), -float(row["cost"]["used"]), row["agent"])
    )
    cells = [_agent(row, by_name[row["agent"]]) for row in found]
    rows = [now, Row("", ()), *table(_COLUMNS, cells, room, [f"agent:{row['agent']}:" for row in found])]
    refused = [said((f"{row['agent']}: {shown(row['refused'])}", "warn")) for row in found if row["refused"]]
    rows += refused
    if book["shared"]:
        rows += title("SHARED CEILINGS")
        rows += table(_SHARED, [_shared(each) for each in book["shared"]], room)
    dear = sorted(book["runs"], key=lambda run: -float(run["cost"]))[:_DEAREST]
    if dear:
        total = book["total"]
        rows += title("DEAREST RUNS", f"of {total['runs']}, together ${total['cost']:.2f}")
        rows += table(_RUNS, [_run(each) for each in dear], room, [f"run:{each['id']}" for each in dear])
    return head, rows


def gauge(each: dict[str, Any], cells: int = 6) -> Piece:
    """What is used of a ceiling; nothing where there is none."""
    return bar(each["used"], each["limit"], cells)


def _fullest(row: dict[str, Any]) -> float:
    shares = [
        row[name]["used"] / row[name]["limit"] for name in ("cost", "time", "tokens") if row[name]["limit"]
    ]
    return max(shares, default=0.0)


def _agent(row: dict[str, Any], ahead: dict[str, Any]) -> tuple[Piece, ...]:
    cost, time = row["cost"], row["time"]
    over = cost["limit"] and ahead["forecast"] > cost["limit"]
    full = (ahead["full_at"] or "")[11:16]
    return (
        (shown(row["agent"]), ""),
        (f"${cost['used']:.2f}", ""),
        gauge(cost, _BAR),
        (f"${cost['limit']:g}" if cost["limit"] else "", "dim"),
        (lasted(round(time["used"]) * 1000) if time["used"] else "", ""),
        gauge(time),
        (f"${ahead['forecast']:.2f}", "warn" if over else "dim"),
        (full, "warn"),
    )


def _shared(row: dict[str, Any]) -> tuple[Piece, ...]:
    cost, time = row["cost"], row["time"]
    return (
        (shown(row["scope"]), ""),
        (row["window"], "dim"),
        (f"${cost['used']:.2f}", ""),
        gauge(cost, _BAR),
        (f"${cost['limit']:g}" if cost["limit"] else "", "dim"),
        (lasted(round(time["used"]) * 1000) if time["used"] else "", ""),
        gauge(time),
    )


def _run(run: dict[str, Any]) -> tuple[Piece, ...]:
    limit = run["limit"]
    return (
        (run["id"], "bold"),
        (shown(run["agent"]), ""),
        (f"{run['job']}  {tokens(run['tokens'])} tokens", "dim"),
        (f"#{run['item']}" if run["item"] else "", "place"),
        (f"${run['cost']:.2f}", ""),
        bar(run["cost"], limit["cost"]),
        (lasted(round(run["seconds"]) * 1000), ""),
        bar(run["seconds"], limit["time"]),
        (str(run["outcome"]).replace("_", " "), ""),
    )
