"""What came of the work: merged by day, lead time, what was accepted at once, what it cost; by whom."""

from __future__ import annotations

from typing import Any

from fleet.surfaces.tui.live import Live
from fleet.surfaces.tui.look import Column, Line, Piece, lasted, shown
from fleet.surfaces.tui.rows import Row
from fleet.surfaces.tui.table import said, table, title
from fleet.views.insight import insight

SPANS = (14, 30, 7)
"""How many days one may look back, the first at first."""

_BAR = 20
_LEAST_SCALE = 5  # merged on the best day: one alone is no full bar
_DAYS = (
    Column("DAY", 6),
    Column("MERGED", _BAR + 4),
    Column("OPENED", 6, right=True),
    Column("LEAD", 8, right=True),
    Column("COST", 9, right=True),
    Column("", 0),
)
_BY = (
    Column("", 0),
    Column("RUNS", 5, right=True),
    Column("FAILED", 6, right=True),
    Column("MERGED", 6, right=True),
    Column("LEAD", 8, right=True),
    Column("AT ONCE", 7, right=True),
    Column("ROUNDS", 6, right=True),
    Column("COST", 9, right=True),
    Column("A CHANGE", 8, right=True),
)


def insights(live: Live, room: int, days: int) -> tuple[Line, list[Row]]:
    """The page, of so many days."""
    found = insight(live.fleet, live.state, live.now, days)
    every = found["all"]
    head: Line = (
        ("INSIGHT", "bold"),
        (f"  the last {days} days (UTC)", "dim"),
        ("   v ", "key"),
        ("another span", "dim"),
    )
    rows = [
        said(
            (f"{every['merged']} merged", "bold"),
            (f"   lead {_time(every['lead'])}", ""),
            (f", 9 of 10 within {_time(every['lead_p90'])}" if every["lead_p90"] else "", "dim"),
            (f"   {_share(every['first_pass'])} accepted at once", ""),
        ),
        said(
            (f"{_money(every['cost_per_merged'])} for each merged change", "bold"),
            (f"   {_money(every['cost'])} in {every['runs']} runs", ""),
            (f"   {every['failed']} of {every['ended']} failed", "bad" if every["failed"] else "dim"),
        ),
    ]
    rounds = [(each["rounds"], each["merged"]) for each in found["rounds"] if each["merged"]]
    if rounds:
        told = ", ".join(f"{merged} after {number}" for number, merged in rounds)
        last = " or more" if rounds[-1][0] == len(found["rounds"]) else ""
        rows.append(said(("rounds: ", "dim"), (f"{told}{last}", "")))
    rows += title("BY DAY")
    most = max(_LEAST_SCALE, *(each["merged"] for each in found["days"]))
    rows += table(_DAYS, [_day(each, most) for each in reversed(found["days"])], room)
    for name, each in found["by"].items():
        if each:
            rows += title(f"BY {name.upper()}")
            keys = [f"agent:{row['name']}:" if name == "agent" else "" for row in each]
            rows += table(_BY, [_by(row) for row in each], room, keys)
    return head, rows


def _day(each: dict[str, Any], most: int) -> tuple[Piece, ...]:
    merged = each["merged"]
    drawn = "▰" * max(1, round(_BAR * merged / most)) if merged else ""
    return (
        (each["day"][5:], "dim"),
        (f"{drawn} {merged}" if merged else "·", "good" if merged else "dim"),
        (str(each["opened"] or ""), ""),
        (_time(each["lead"]) if each["lead"] is not None else "", ""),
        (_money(each["cost"]) if each["cost"] else "", ""),
        ("", ""),
    )


def _by(row: dict[str, Any]) -> tuple[Piece, ...]:
    return (
        (shown(row["name"]), ""),
        (str(row["runs"]), ""),
        (str(row["failed"] or ""), "bad"),
        (str(row["merged"] or ""), "good"),
        (_time(row["lead"]) if row["lead"] is not None else "", ""),
        (_share(row["first_pass"]) if row["first_pass"] is not None else "", ""),
        (f"{row['rounds']:.1f}" if row["rounds"] else "", ""),
        (_money(row["cost"]), ""),
        (_money(row["cost_per_merged"]) if row["cost_per_merged"] is not None else "", ""),
    )


def _time(seconds: float | None) -> str:
    return "—" if seconds is None else lasted(round(seconds) * 1000)


def _share(share: float | None) -> str:
    return "—" if share is None else f"{share:.0%}"


def _money(dollars: float | None) -> str:
    return "—" if dollars is None else f"${dollars:,.2f}"
