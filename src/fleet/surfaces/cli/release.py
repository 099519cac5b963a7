"""`fleet release AGENT`: let it work again."""

from __future__ import annotations

from typing import Annotated

import typer

from fleet.model.errors import FleetError
from fleet.model.event import Event
from fleet.model.state import State
from fleet.surfaces import deeds
from fleet.surfaces.cli.acting import act, actor, tell
from fleet.surfaces.cli.finding import near
from fleet.surfaces.cli.options import NO_REASON, Json, Reason
from fleet.surfaces.cli.people_only import people_only
from fleet.surfaces.cli.project import open_project

app = typer.Typer()


@app.command()
def release(
    agent: Annotated[str, typer.Argument(metavar="AGENT")],
    reason: Reason = "",
    json: Json = False,
) -> None:
    """Release an agent from its quarantine. Its failures are counted from zero again."""
    people_only(f"release {agent}")
    why = reason.strip() or NO_REASON

    def released(state: State) -> list[Event]:
        held = [name for name, each in state.agents.items() if each.quarantined]
        if agent not in held:
            otherwise = f"In quarantine: {', '.join(held)}." if held else "No agent is."
            raise FleetError(f"{agent} is not in quarantine", do=near(agent, held, otherwise))
        return deeds.released(state, actor(), agent, why)

    with open_project() as project:
        act(project, released)
        tell(project, f"{agent} may work again", {"agent": agent, "quarantined": False}, as_json=json)
