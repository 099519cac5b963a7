"""`fleet quarantine AGENT`, `fleet quarantine pr N`: nothing more may be done until a person releases it."""

from __future__ import annotations

from typing import Annotated

import typer

from fleet.model.errors import FleetError, UsageError
from fleet.model.event import Event
from fleet.model.state import State
from fleet.surfaces import deeds
from fleet.surfaces.cli.acting import act, actor, tell
from fleet.surfaces.cli.finding import find_change, near
from fleet.surfaces.cli.options import NO_REASON, Json, Reason
from fleet.surfaces.cli.people_only import people_only
from fleet.surfaces.cli.project import open_project

app = typer.Typer()


@app.command()
def quarantine(
    what: Annotated[str, typer.Argument(metavar="AGENT|pr", help="An agent, or pr and a number.")],
    number: Annotated[
        str, typer.Argument(metavar="[N]", help="The pull request's number.", show_default=False)
    ] = "",
    reason: Reason = "",
    json: Json = False,
) -> None:
    """Quarantine an agent, or one pull request alone.

    An agent's runs are stopped, it gets no new ones, and its open pull requests are not merged. Of a pull
    request alone: it is not merged, and nobody works on it.
    """
    people_only(f"quarantine {what}")
    why = reason.strip() or NO_REASON
    with open_project() as project:
        if is_change(what, number):
            change = find_change(project.state, number).id
            act(project, lambda state: deeds.change_quarantined(state, actor(), change, why))
            document = {"pr": change, "quarantined": True, "reason": why}
            tell(project, f"Pull request {change} is in quarantine: {why}", document, as_json=json)
            return
        known = [*project.state.agents, *(each.name for each in project.fleet.agents)]
        if what not in known:
            raise FleetError(f"There is no agent {what!r}", do=near(what, known, "See: fleet status"))

        def quarantined(state: State) -> list[Event]:
            return deeds.quarantined(state, actor(), what, why)

        act(project, quarantined)
        document = {"agent": what, "quarantined": True, "reason": why}
        tell(project, f"{what} is in quarantine: {why}", document, as_json=json)


def is_change(what: str, number: str) -> bool:
    """Whether `pr N` was meant. Raises `UsageError` for a number without it."""
    if number and what != "pr":
        raise UsageError(f"{number!r} is one word too many", do=f"Name an agent, or: pr {number}")
    return what == "pr" and bool(number)
