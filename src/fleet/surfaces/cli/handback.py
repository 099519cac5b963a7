"""`fleet handback RUN`: the agent goes on, knowing what a person did meanwhile."""

from __future__ import annotations

from typing import Annotated

import typer

from fleet.model.errors import FleetError
from fleet.model.event import Event
from fleet.model.state import Run, State
from fleet.surfaces import deeds
from fleet.surfaces.cli.acting import act, actor, tell
from fleet.surfaces.cli.finding import find_run
from fleet.surfaces.cli.options import Json, RunId
from fleet.surfaces.cli.people_only import people_only
from fleet.surfaces.cli.project import Project, open_project

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
        left = _left(project, found)

        def back(state: State) -> list[Event]:
            return deeds.handed_back(state, actor(), found.id, note, left)

        act(project, back)
        document = {"run": found.id, "job": found.job, "instance": found.instance, **left}
        tell(project, f"{found.job} of {found.instance} goes on with what you left", document, as_json=json)


def _left(project: Project, run: Run) -> dict[str, str]:
    """The commits since the agent's own last one, and the files that are not committed."""
    from fleet.wiring import open_grounds

    item = project.state.items.get(run.item)
    workspaces = open_grounds(project.place, project.fleet)[item.repo if item else ""].workspaces
    if not run.workspace or not workspaces.exists(run.workspace):
        do = f"Try it anew: fleet retry {run.id}"
        raise FleetError(f"The workspace of {run.id} is gone", why="its work has ended", do=do)
    status = workspaces.status(run.workspace)
    before = str(run.collected.get("head") or run.head)
    moved = status.head and status.head != before
    commits = f"git log {before[:12]}..{status.head[:12]}" if moved and status.head else ""
    return {"commits": commits, "uncommitted": "\n".join(status.dirty_paths)}
