"""`fleet budget`: what each agent used of its day, and what everything cost."""

from __future__ import annotations

from typing import Any

import typer

from fleet.surfaces.cli.options import Json
from fleet.surfaces.cli.output import duration, print_json, say, tokens
from fleet.surfaces.cli.project import open_project
from fleet.surfaces.cli.table import Column, print_table

app = typer.Typer()


@app.command()
def budget(json: Json = False) -> None:
    """Show time and cost used today (UTC), and what is left."""
    from fleet.views.ledger import ledger

    with open_project() as project:
        book = ledger(project.fleet, project.state, project.now)
    if json:
        print_json(book)
        return
    print_table(
        [
            Column("agent", least=10),
            Column("runs", "right"),
            Column("time today", "right"),
            Column("cost today", "right"),
            Column("tokens", "right"),
            Column("", least=10),
        ],
        [
            [
                each["agent"],
                str(each["runs"]),
                _gauge(_time(each["time"]["used"]), each["time"]["limit"], _time),
                _gauge(_cost(each["cost"]["used"]), each["cost"]["limit"], _cost),
                tokens(each["tokens"]["used"]),
                each["refused"],
            ]
            for each in book["agents"]
        ],
        empty="fleet.yaml declares no agent.",
        styles={},
    )
    say()
    for each in book["shared"]:
        cost, spent = each["cost"], each["tokens"]
        figures = [_gauge(_cost(cost["used"]), cost["limit"], _cost)]
        figures += [f"{tokens(spent['used'])} / {tokens(spent['limit'])} tokens"] if spent["limit"] else []
        figures += [_gauge(_time(each["time"]["used"]), each["time"]["limit"], _time)]
        say(f"{each['scope']}, this {each['window']}: {', '.join(figures)}.")
    for each in book["agents"]:
        if each["assumed"]:
            what = "all that was set aside for runs that were ended before they told their cost"
            say(f"{each['agent']}: {_cost(each['assumed'])} is assumed, {what}.")
    total = book["total"]
    count = "1 run" if total["runs"] == 1 else f"{total['runs']} runs"
    say(
        f"In all: {count}, {_time(total['seconds'])}, {_cost(total['cost'])}, "
        f"{tokens(total['tokens'])} tokens."
    )


def _gauge(used: str, limit: float | None, shown: Any) -> str:
    return f"{used} / {shown(limit)}" if limit else used


def _time(seconds: float) -> str:
    return duration(round(seconds * 1000)) if seconds else "0s"


def _cost(dollars: float) -> str:
    return f"${dollars:.2f}"
