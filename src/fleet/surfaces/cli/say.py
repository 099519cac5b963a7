"""`fleet say RUN TEXT`: tell a live run something, or answer what it asked."""

from __future__ import annotations

from typing import Annotated

import typer

from fleet.model import events
from fleet.model.event import Event
from fleet.model.state import Run, State
from fleet.surfaces import deeds
from fleet.surfaces.cli.acting import act, actor, tell
from fleet.surfaces.cli.finding import find_run
from fleet.surfaces.cli.options import Json, RunId, given, text_of
from fleet.surfaces.cli.people_only import people_only
from fleet.surfaces.cli.project import open_project

app = typer.Typer()


@app.command()
def say(
    run: RunId,
    text: Annotated[list[str] | None, typer.Argument(metavar="TEXT", help="The words.")] = None,
    file: Annotated[
        str, typer.Option("--file", "-F", metavar="FILE", help="The text's file, - for stdin.")
    ] = "",
    json: Json = False,
) -> None:
    """Tell a live run something; if it asked a question, this is the answer."""
    people_only(f"say {run}")
    words = given(text_of(" ".join(text or ()), file), "text")

    def said(state: State) -> list[Event]:
        return deeds.said(state, actor(), find_run(state, run).id, words)

    with open_project() as project:
        event = act(project, said)[0]
        answered = event.type == events.APPROVAL_GIVEN
        later = not answered and not _hears(find_run(project.state, run))
        done = f"You answered {run} ({event.data['approval']})" if answered else f"You told {run}"
        done += ", which can't be told anything while it works: it hears it when it goes on" if later else ""
        document = {"run": run, "event": event.id, "approval": event.data.get("approval"), "later": later}
        tell(project, done, document, as_json=json)


def _hears(run: Run) -> bool:
    """Whether its harness takes words while it works."""
    from fleet.wiring import harnesses

    found = harnesses().get(run.harness)
    return found is None or found.steer("a word") is not None
