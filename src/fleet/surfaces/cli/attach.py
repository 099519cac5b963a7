"""`fleet attach RUN`: look over an agent's shoulder. Leaving does nothing to the run."""

from __future__ import annotations

import os
import sys

import typer

from fleet.model.errors import FleetError
from fleet.surfaces.cli.finding import find_run
from fleet.surfaces.cli.logs import show_transcript
from fleet.surfaces.cli.options import RunId
from fleet.surfaces.cli.output import print_note
from fleet.surfaces.cli.project import open_project

app = typer.Typer()


@app.command()
def attach(run: RunId) -> None:
    """Look into a live run's terminal; where there is none, its transcript is followed."""
    from fleet.wiring import open_terminal

    with open_project() as project:
        found = find_run(project.state, run)
        if found.state == "ended":
            raise FleetError(
                f"{found.id} has ended: {found.outcome}",
                why=found.reason,
                do=f"Read it: fleet logs {found.id}",
            )
        command = None
        if sys.stdin.isatty() and sys.stdout.isatty():
            command = open_terminal(project.place, project.fleet.name).attach_command(found.id)
        if command is None:
            print_note(f"{found.id} has no terminal to attach to; this follows its transcript")
            show_transcript(project, found, follow=True)
            return
    os.execvp(command[0], command)  # noqa: S606  # this process becomes the terminal's client
