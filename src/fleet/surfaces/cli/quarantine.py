"""`fleet quarantine AGENT`: it may do nothing more until a person releases it."""

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
def quarantine(
    agent: Annotated[str, typer.Argument(metavar="AGENT")],
    reason: Reason = "",
    json: Json = False,
) -> None:
    """Quarantine an agent: its runs are stopped, and it gets no new ones."""
    people_only(f"quarantine {agent}")
    why = reason.strip() or NO_REASON

    def quarantined(state: State) -> list[Event]:
        return deeds.quarantined(state, actor(), agent, why)

    with open_project() as project:
        known = [*project.state.agents, *(each.name for each in project.fleet.agents)]
        if agent not in known:
            raise FleetError(f"There is no agent {agent!r}", do=near(agent, known, "See: fleet status"))
        act(project, quarantined)
        document = {"agent": agent, "quarantined": True, "reason": why}
        tell(project, f"{agent} is in quarantine: {why}", document, as_json=json)
