"""`fleet approve ID`: let it go on."""

from __future__ import annotations

from typing import Annotated

import typer

from fleet.model.event import Event
from fleet.model.state import State
from fleet.surfaces import deeds
from fleet.surfaces.cli.acting import act, actor, tell
from fleet.surfaces.cli.finding import find_approval
from fleet.surfaces.cli.options import Json
from fleet.surfaces.cli.people_only import people_only
from fleet.surfaces.cli.project import open_project

app = typer.Typer()


@app.command()
def approve(
    approval: Annotated[str, typer.Argument(metavar="ID", help="An approval, such as a1.")],
    note: Annotated[
        str,
        typer.Option("--note", "-m", metavar="TEXT", help="Words for the agent; the answer to a question."),
    ] = "",
    json: Json = False,
) -> None:
    """Approve: what waits for you goes on. For a merge it counts for the commit that was asked about."""
    people_only(f"approve {approval}")

    def given(state: State) -> list[Event]:
        return deeds.approved(state, actor(), find_approval(state, approval).id, note)

    with open_project() as project:
        act(project, given)
        found = project.state.approvals[approval.strip()]
        document = {"id": found.id, "kind": found.kind, "pr": found.change or None, "answer": "given"}
        about = f" for pull request {found.change} at {found.head[:12]}" if found.head else ""
        tell(project, f"You approved {found.id} ({found.kind}){about}", document, as_json=json)
