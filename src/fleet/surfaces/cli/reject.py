"""`fleet reject ID`: refuse it, with a reason."""

from __future__ import annotations

from typing import Annotated

import typer

from fleet.model.event import Event
from fleet.model.state import State
from fleet.surfaces import deeds
from fleet.surfaces.cli.acting import act, actor, tell
from fleet.surfaces.cli.finding import find_approval
from fleet.surfaces.cli.options import Json, Reason, given
from fleet.surfaces.cli.people_only import people_only
from fleet.surfaces.cli.project import open_project

app = typer.Typer()


@app.command()
def reject(
    approval: Annotated[str, typer.Argument(metavar="ID", help="An approval, such as a1.")],
    reason: Reason,
    send_back: Annotated[
        bool,
        typer.Option("--send-back", help="The author works on the pull request again, with your reason."),
    ] = False,
    json: Json = False,
) -> None:
    """Refuse: the work ends, or with --send-back its author takes it up again."""
    people_only(f"reject {approval}")
    why = given(reason, "reason")

    def refused(state: State) -> list[Event]:
        found = find_approval(state, approval)
        return deeds.refused(state, actor(), found.id, why, send_back=send_back)

    with open_project() as project:
        act(project, refused)
        found = project.state.approvals[approval.strip()]
        document = {
            "id": found.id,
            "kind": found.kind,
            "pr": found.change or None,
            "answer": "refused",
            "send_back": send_back,
        }
        goes = "; its pull request goes back" if send_back else ""
        tell(project, f"You refused {found.id} ({found.kind}){goes}", document, as_json=json)
