"""What waits: the questions for a person, and the runs that are queued."""

from __future__ import annotations

from typing import Any

from fleet.surfaces.tui.live import Live
from fleet.surfaces.tui.look import Column, Line, laid_out, lasted, shown, widths
from fleet.surfaces.tui.rows import Row
from fleet.views.needs import needs as needs_of
from fleet.views.waiting import queue

_NEEDS = (
    Column("", 0),
    Column("ID", 5),
    Column("KIND", 11),
    Column("ABOUT", 8),
    Column("WAITS", 7, right=True),
    Column("WHY", 0),
)
_OF_AGENT = ("quarantine", "budget")
_LATER = ("backs off", "rate limit")
_QUEUE = (
    Column("RUN", 6),
    Column("JOB", 18),
    Column("ABOUT", 8),
    Column("FOR", 7, right=True),
    Column("WAITS FOR", 0),
)


def needs(live: Live, room: int) -> tuple[Line, list[Row]]:
    """All that needs a person, the most urgent first."""
    waiting = needs_of(live.fleet, live.state, live.now)
    if not waiting:
        return (("NEEDS YOU", "bold"), ("  nothing", "dim")), []
    cells = []
    for each in waiting:
        about = f"PR{each['pr']}" if each["pr"] else f"#{each['item']}" if each["item"] else each["run"] or ""
        why = f"{each['title']}: {each['why']}" if each["title"] else each["why"]
        behind = f"  ({len(each['behind'])} behind)" if each["behind"] else ""
        waits = lasted(round(each["waiting_seconds"]) * 1000)
        name = "" if each["kind"] in _OF_AGENT else each["id"]
        cells.append(
            (
                (name, "bold"),
                (each["kind"].replace("_", " "), "bad" if each["urgency"] == "now" else "warn"),
                (about, "place"),
                (waits, ""),
                (shown(why + behind), ""),
            )
        )
    columns = _NEEDS[1:]
    wide = widths(columns, cells, room - 2)
    head = (
        ("NEEDS YOU", "bold"),
        (f"  {len(waiting)}", "alarm"),
        ("  a approve  r reject  enter read", "dim"),
    )
    rows = []
    for each, line in zip(waiting, cells, strict=True):
        key = f"agent:{each['id']}:" if each["kind"] in _OF_AGENT else f"ask:{each['id']}"
        mark = ("‼ ", "bad bold") if each["urgency"] == "now" else ("! ", "warn bold")
        rows.append(Row(key, (mark, *laid_out(columns, wide, line))))
    return head, rows


def _reason(live: Live, each: dict[str, Any]) -> str:
    """What it waits for. Of a try after a failure, when it comes and what went wrong before."""
    if each["waits_for"] != "backs off":
        return shown(each["reason"])
    run = live.state.runs[each["run"]]
    instance = live.state.instances[run.instance]
    before = [live.state.runs[name] for name in instance.jobs[run.job].runs if name != run.id][-1:]
    why = f", {before[0].id} {before[0].outcome or 'ended'}: {before[0].reason}" if before else ""
    return shown(f"again in {lasted(run.not_before - live.now)}{why}")


def queued(live: Live, room: int) -> tuple[Line, list[Row]]:
    """The runs that are queued, oldest first."""
    rows = queue(live.fleet, live.state, live.now, watched=live.watched)
    if not rows:
        return (("QUEUE", "bold"), ("  empty", "dim")), []
    cells = [
        (
            (each["run"], ""),
            (shown(each["job"]) + (f" try {each['attempt']}" if each["attempt"] > 1 else ""), ""),
            (f"#{each['item']}" if each["item"] else "", "place"),
            (lasted(int(each["waiting_seconds"]) * 1000), ""),
            (_reason(live, each), "warn" if each["waits_for"] in _LATER else "dim"),
        )
        for each in rows
    ]
    wide = widths(_QUEUE, cells, room - 2)
    again = sum(1 for each in rows if each["waits_for"] == "backs off")
    head: Line = (("QUEUE", "bold"), (f"  {len(rows)}", ""))
    head += ((f"  {again} try again later", "warn"),) if again else ()
    head += tuple(
        (f"  {shown(name)} answers no one for {lasted(hold.until - live.now)}", "warn")
        for name, hold in live.state.holds.items()
        if hold.until > live.now
    )
    return head, [
        Row(f"run:{each['run']}", (("· ", "dim"), *laid_out(_QUEUE, wide, line)))
        for each, line in zip(rows, cells, strict=True)
    ]
