"""`fleet retry RUN`: let the job of a run that ended badly try again."""

from __future__ import annotations

from typing import Annotated

import typer

from fleet.model.event import Event
from fleet.model.state import State
from fleet.surfaces import deeds
from fleet.surfaces.cli.acting import act, actor, tell
from fleet.surfaces.cli.finding import find_run
from fleet.surfaces.cli.options import Json, RunId
from fleet.surfaces.cli.people_only import people_only
from fleet.surfaces.cli.project import open_project

app = typer.Typer()


@app.command()
def retry(
    run: RunId,
    note: Annotated[str, typer.Option("--note", "-m", metavar="TEXT", help="Words for the agent.")] = "",
    json: Json = False,
) -> None:
    """Try a failed or stopped run again, as a new run of the same job."""
    people_only(f"retry {run}")

    def again(state: State) -> list[Event]:
        return deeds.retried(state, actor(), find_run(state, run).id, note)

    with open_project() as project:
        event = act(project, again)[0]
        found = project.state.runs[run]
        document = {"run": run, "job": found.job, "instance": found.instance, "event": event.id}
        tell(project, f"{found.job} of {found.instance} tries again", document, as_json=json)
