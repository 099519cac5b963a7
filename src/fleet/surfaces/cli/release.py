"""`fleet release AGENT`, `fleet release pr N`: let it go on."""

from __future__ import annotations

from typing import Annotated

import typer

from fleet.model.errors import FleetError, UsageError
from fleet.model.event import Event
from fleet.model.state import State
from fleet.surfaces import deeds
from fleet.surfaces.cli.acting import act, actor, tell
from fleet.surfaces.cli.finding import find_change, near
from fleet.surfaces.cli.options import Json, Reason
from fleet.surfaces.cli.people_only import people_only
from fleet.surfaces.cli.project import open_project
from fleet.surfaces.cli.quarantine import is_change

app = typer.Typer()


@app.command()
def release(
    what: Annotated[str, typer.Argument(metavar="AGENT|pr", help="An agent, or pr and a number.")],
    number: Annotated[
        str, typer.Argument(metavar="[N]", help="The pull request's number.", show_default=False)
    ] = "",
    reason: Reason = "",
    json: Json = False,
) -> None:
    """Release an agent or a pull request from its quarantine.

    It needs a reason. An agent's failures and its risk are counted from zero again; its record stays. A pull
    request is released at the commit that it has now.
    """
    people_only(f"release {what}")
    why = reason.strip()
    if not why:
        do = f'Say why: fleet release {what}{f" {number}" if number else ""} -m "…"'
        raise UsageError("A release needs a reason", why="it stands in the log beside your name", do=do)
    with open_project() as project:
        if is_change(what, number):
            change = find_change(project.state, number).id
            act(project, lambda state: deeds.change_released(state, actor(), change, why))
            document = {"pr": change, "quarantined": False}
            tell(project, f"Pull request {change} may go on", document, as_json=json)
            return

        def released(state: State) -> list[Event]:
            held = [name for name, each in state.agents.items() if each.quarantined]
            if what not in held:
                otherwise = f"In quarantine: {', '.join(held)}." if held else "No agent is."
                raise FleetError(f"{what} is not in quarantine", do=near(what, held, otherwise))
            return deeds.released(state, actor(), what, why)

        act(project, released)
        tell(project, f"{what} may work again", {"agent": what, "quarantined": False}, as_json=json)
