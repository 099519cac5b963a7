"""`fleet run NAME "task"`: give one agent a task by hand, or start a workflow."""

from __future__ import annotations

from typing import Annotated

import typer

from fleet.model import events
from fleet.model.errors import FleetError, UsageError
from fleet.model.event import Event
from fleet.model.fleet import Fleet
from fleet.model.state import State
from fleet.surfaces.cli.acting import act, actor, deed, tell
from fleet.surfaces.cli.finding import find_item, near
from fleet.surfaces.cli.options import Json, text_of
from fleet.surfaces.cli.people_only import people_only
from fleet.surfaces.cli.project import open_project

app = typer.Typer()


@app.command()
def run(
    name: Annotated[str, typer.Argument(metavar="NAME", help="An agent or a workflow of fleet.yaml.")],
    task: Annotated[list[str] | None, typer.Argument(metavar="TASK", help="What to do.")] = None,
    item: Annotated[str, typer.Option("--item", metavar="N", help="The issue that it is about.")] = "",
    file: Annotated[
        str, typer.Option("--file", "-F", metavar="FILE", help="The task's file, - for stdin.")
    ] = "",
    json: Json = False,
) -> None:
    """Give an agent a task by hand, or start a workflow."""
    people_only(f"run {name}")
    text = text_of(" ".join(task or ()), file).strip()
    if not text and not item:
        raise UsageError("There is no task", do='Say what to do: fleet run NAME "…", or --item N.')

    def asked(state: State) -> list[Event]:
        about = find_item(state, item) if item else None
        if about is not None and not about.open:
            raise FleetError(f"Issue {about.id} is closed")
        data = {"name": name, "item": about.id if about else 0, "text": text, "actor": actor()}
        return [deed(events.WORKFLOW_REQUESTED, data, subject=f"item/{about.id}" if about else name)]

    with open_project() as project:
        _check_name(project.fleet, name)
        event = act(project, asked)[0]
        document = {"name": name, "item": event.data["item"] or None, "event": event.id}
        tell(project, f"Asked for {name}; see: fleet status", document, as_json=json)


def _check_name(fleet: Fleet, name: str) -> None:
    known = [each.name for each in fleet.agents] + [each.name for each in fleet.workflows]
    if name not in known:
        otherwise = f"There are: {', '.join(known)}." if known else ""
        raise FleetError(f"fleet.yaml has no agent and no workflow {name!r}", do=near(name, known, otherwise))
