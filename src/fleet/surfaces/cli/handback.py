"""`fleet handback RUN`: the agent goes on, knowing what a person did meanwhile."""

from __future__ import annotations

from typing import Annotated

import typer

from fleet.model.event import Event
from fleet.model.state import State
from fleet.surfaces import deeds
from fleet.surfaces.byhand import left_in
from fleet.surfaces.cli.acting import act, actor, tell
from fleet.surfaces.cli.finding import find_run
from fleet.surfaces.cli.options import Json, RunId
from fleet.surfaces.cli.people_only import people_only
from fleet.surfaces.cli.project import open_project

app = typer.Typer()


@app.command()
def handback(
    run: RunId,
    note: Annotated[str, typer.Option("--note", "-m", metavar="TEXT", help="What you did.")] = "",
    json: Json = False,
) -> None:
    """Let the agent go on in its conversation, told of your note, your commits and what is uncommitted."""
    people_only(f"handback {run}")
    with open_project() as project:
        found = find_run(project.state, run)
        left = left_in(project.place, project.fleet, project.state, found)

        def back(state: State) -> list[Event]:
            return deeds.handed_back(state, actor(), found.id, note, left)

        act(project, back)
        document = {"run": found.id, "job": found.job, "instance": found.instance, **left}
        tell(project, f"{found.job} of {found.instance} goes on with what you left", document, as_json=json)
