"""`fleet retry RUN`: let the job of a run that ended badly try again."""

from __future__ import annotations

from typing import Annotated

import typer

from fleet.model import events
from fleet.model.errors import FleetError
from fleet.model.event import Event
from fleet.model.state import Run, State
from fleet.surfaces.cli.acting import act, actor, deed, tell
from fleet.surfaces.cli.answering import answer, approval_of_job
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
        found = find_run(state, run)
        _check(state, found)
        asked = approval_of_job(state, found.instance, found.job)
        if asked is not None:
            return [answer(asked, given=True, note=note.strip())]
        data = {
            "instance": found.instance,
            "job": found.job,
            "actor": actor(),
            "feedback": note.strip(),
        }
        return [
            deed(
                events.JOB_RESUMED,
                data,
                subject=f"run/{found.id}",
                cause=found.cause,
                story=found.instance,
            )
        ]

    with open_project() as project:
        event = act(project, again)[0]
        found = project.state.runs[run]
        document = {"run": run, "job": found.job, "instance": found.instance, "event": event.id}
        tell(project, f"{found.job} of {found.instance} tries again", document, as_json=json)


def _check(state: State, run: Run) -> None:
    """Raise `FleetError` where there is nothing to try again."""
    if run.state not in ("ended", "cancelled"):
        raise FleetError(
            f"{run.id} has not ended", why=f"it is {run.state}", do=f"Stop it first: fleet stop {run.id}"
        )
    instance = state.instances[run.instance]
    if instance.outcome == "done":
        raise FleetError(f"{run.id} is not needed any more", why=f"{instance.id} is done: {instance.reason}")
    record = instance.jobs[run.job]
    last = record.runs[-1]
    if last != run.id:
        raise FleetError(f"{run.id} was tried again already", why=f"by {last}", do=f"See: fleet why {last}")
    if run.outcome == "succeeded" or record.state in ("done", "landing"):
        raise FleetError(
            f"{run.id} has succeeded", do="A change goes back by a review: fleet pr review N request-changes"
        )
