"""`fleet risk PR`: a pull request's risk, and what it is made of."""

from __future__ import annotations

from typing import Annotated

import typer

from fleet.surfaces.cli.finding import find_change
from fleet.surfaces.cli.options import Json
from fleet.surfaces.cli.output import clean, print_json, say, style
from fleet.surfaces.cli.project import open_project
from fleet.surfaces.cli.table import Column, print_table

app = typer.Typer()


@app.command()
def risk(
    pr: Annotated[str, typer.Argument(metavar="PR", help="The pull request's number.")], json: Json = False
) -> None:
    """Show a pull request's risk (0 to 100) and its factors."""
    from fleet.views.changes import risk_page

    with open_project() as project:
        change = find_change(project.state, pr)
        page = risk_page(change)
    if json:
        print_json(page)
        return
    say(style(clean(f"#{change.id} {change.title}"), "bold"))
    if page["score"] is None:
        say(f"  Its commit {change.head[:12]} was not assessed yet.")
        return
    say(f"  risk {page['score']} of 100 at {change.head[:12]}: {page['files']} files, {page['lines']} lines")
    say()
    print_table(
        [Column("points", "right"), "factor", Column("why", least=20)],
        [[str(each["points"]), each["name"], each["reason"]] for each in page["factors"]],
        empty="  Nothing in it adds to the risk.",
    )
