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
    """List all that waits for a person, the most urgent first.

    Merges, questions, permissions, jobs out of rounds or budget, agents in quarantine or without budget; `!`
    marks those for which an agent stands still.
    """
    from fleet.views.needs import needs

    with open_project() as project:
        rows = needs(project.fleet, project.state, project.now)
    if json:
        print_json(rows)
        return
    print_table(
        [
            "",
            "id",
            "kind",
            Column("who", least=9),
            Column("about", "right"),
            Column("waits", "right"),
            Column("why", least=12),
            Column("behind", "right"),
            Column("do", least=16),
        ],
        [
            [
                "!" if row["urgency"] == "now" else "",
                row["id"],
                row["kind"],
                row["who"],
                f"#{row['pr'] or row['item']}" if row["pr"] or row["item"] else "-",
                duration(round(row["waiting_seconds"] * 1000)),
                row["why"],
                str(len(row["behind"]) or ""),
                row["do"],
            ]
            for row in rows
        ],
        empty="Nothing waits for a person.",
    )
