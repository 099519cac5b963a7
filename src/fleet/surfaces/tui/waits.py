"""What waits: the questions for a person, and the runs that are queued."""

from __future__ import annotations

from fleet.surfaces.tui.live import Live
from fleet.surfaces.tui.look import Column, Line, laid_out, lasted, shown, widths
from fleet.surfaces.tui.rows import Row
from fleet.views.waiting import asked, queue

_NEEDS = (
    Column("", 0),
    Column("ID", 5),
    Column("KIND", 8),
    Column("ABOUT", 8),
    Column("WAITS", 7, right=True),
    Column("WHY", 0),
)
_QUEUE = (
    Column("RUN", 6),
    Column("JOB", 14),
    Column("ABOUT", 8),
    Column("FOR", 7, right=True),
    Column("WAITS FOR", 0),
)


def needs(live: Live, room: int) -> tuple[Line, list[Row]]:
    """The questions, longest wait first."""
    waiting = asked(live.state)
    if not waiting:
        return (("NEEDS YOU", "bold"), ("  nothing", "dim")), []
    cells = []
    for each in waiting:
        change, instance = each.change, live.state.instances.get(each.instance)
        about = f"PR{change}" if change else f"#{instance.item}" if instance and instance.item else each.run
        title = live.state.changes[change].title if change in live.state.changes else ""
        why = f"{title}: {each.why}" if title else each.why
        waits = lasted(live.now - each.asked)
        cells.append(
            ((each.id, "bold"), (each.kind, "warn"), (about, "place"), (waits, ""), (shown(why), ""))
        )
    columns = _NEEDS[1:]
    wide = widths(columns, cells, room - 2)
    head = (
        ("NEEDS YOU", "bold"),
        (f"  {len(waiting)}", "alarm"),
        ("  a approve  r reject  enter read", "dim"),
    )
    return head, [
        Row(f"ask:{each.id}", (("! ", "warn bold"), *laid_out(columns, wide, line)))
        for each, line in zip(waiting, cells, strict=True)
    ]


def queued(live: Live, room: int) -> tuple[Line, list[Row]]:
    """The runs that are queued, oldest first."""
    rows = queue(live.fleet, live.state, live.now, watched=live.watched)
    if not rows:
        return (("QUEUE", "bold"), ("  empty", "dim")), []
    cells = [
        (
            (each["run"], ""),
            (shown(each["job"]), ""),
            (f"#{each['item']}" if each["item"] else "", "place"),
            (lasted(int(each["waiting_seconds"]) * 1000), ""),
            (shown(each["reason"]), "dim"),
        )
        for each in rows
    ]
    wide = widths(_QUEUE, cells, room - 2)
    head = (("QUEUE", "bold"), (f"  {len(rows)}", ""))
    return head, [
        Row(f"run:{each['run']}", (("· ", "dim"), *laid_out(_QUEUE, wide, line)))
        for each, line in zip(rows, cells, strict=True)
    ]
