"""`fleet approvals`: what waits for a person, and what to type."""

from __future__ import annotations

from typing import Annotated

import typer

from fleet.surfaces.cli.options import Json
from fleet.surfaces.cli.output import duration, print_json
from fleet.surfaces.cli.project import open_project
from fleet.surfaces.cli.table import Column, print_table

app = typer.Typer(invoke_without_command=True)


@app.callback()
def approvals(context: typer.Context, json: Json = False) -> None:
    """List all that waits for a person, the most urgent first.

    Merges, questions, permissions, jobs out of rounds or budget, agents in quarantine or without budget; `!`
    marks those for which an agent stands still.
    """
    if context.invoked_subcommand is not None:
        return
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


@app.command()
def link(
    approval: Annotated[str, typer.Argument(metavar="ID", help="An approval, such as a1.")],
    name: Annotated[str, typer.Option("--for", metavar="NAME", help="Who may answer, in the log user/NAME.")],
    hours: Annotated[int, typer.Option("--hours", metavar="N", help="How long it is good.")] = 24,
    json: Json = False,
) -> None:
    """Make a link by which NAME may answer one approval, on a phone say: once, and for this commit alone.

    Whoever has the link is NAME for that one answer, so send it to NAME alone. It needs fleet web to run
    where NAME can reach it.
    """
    from fleet.surfaces.access import linked, new_secret
    from fleet.surfaces.cli.acting import act, actor
    from fleet.surfaces.cli.finding import find_approval
    from fleet.surfaces.cli.output import print_note, say
    from fleet.surfaces.cli.people_only import people_only

    people_only(f"approvals link {approval}")
    secret = new_secret()
    with open_project() as project:
        found = find_approval(project.state, approval).id
        act(project, lambda state: linked(state, actor(), found, name, secret, hours, project.now))
        noted = project.place.dot / "web.url"
        address = noted.read_text(encoding="utf-8").strip() if noted.is_file() else ""
    path = f"{address}/a/{secret}"
    if json:
        print_json({"approval": found, "for": name, "hours": hours, "link": path})
        return
    say(f"By this link {name} may answer {found}, once, within {hours} hours:")
    say(f"  {path}")
    if not address:
        print_note("fleet web does not run: put its address before the link, and start it.")
