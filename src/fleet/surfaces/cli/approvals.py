"""`fleet approvals`: what waits for a person, and what to type."""

from __future__ import annotations

import typer

from fleet.surfaces.cli.options import Json
from fleet.surfaces.cli.output import duration, print_json
from fleet.surfaces.cli.project import open_project
from fleet.surfaces.cli.table import Column, print_table

app = typer.Typer()


@app.command()
def approvals(json: Json = False) -> None:
    """List what waits for a person."""
    from fleet.views.waiting import approvals as view

    with open_project() as project:
        rows = view(project.state, project.now)
    if json:
        print_json(rows)
        return
    print_table(
        [
            "id",
            "kind",
            Column("about", "right"),
            Column("waits", "right"),
            Column("why", least=16),
            Column("do", least=18),
        ],
        [
            [
                row["id"],
                row["kind"],
                f"#{row['pr'] or row['item']}" if row["pr"] or row["item"] else "-",
                duration(round(row["waiting_seconds"] * 1000)),
                row["why"],
                row["do"],
            ]
            for row in rows
        ],
        empty="Nothing waits for a person.",
    )
