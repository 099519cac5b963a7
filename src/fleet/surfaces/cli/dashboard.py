"""`fleet dashboard`: the project on one screen, live, and to answer by keys."""

from __future__ import annotations

import sys

import typer

app = typer.Typer()

_LONG_LOG = 20_000  # events; reading so many can be felt


@app.command()
def dashboard() -> None:
    """Show agents, what needs you, the queue and what happens, live; answer with one key.

    It needs a terminal of at least 80 columns and 24 lines, and neither colours nor a mouse. Press ? for the
    keys, q to leave. Agents and the watcher do not need it, and it works while the watcher is down.
    """
    from fleet.model.errors import FleetError
    from fleet.surfaces.cli.acting import actor
    from fleet.surfaces.cli.output import print_note
    from fleet.surfaces.cli.people_only import people_only
    from fleet.surfaces.cli.project import open_project
    from fleet.wiring import clock, load_fleet, watcher_status

    people_only("dashboard")
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise FleetError("There is no terminal to draw on", do="Use: fleet status, or fleet events --follow.")
    from fleet.surfaces.tui.app import Dashboard
    from fleet.surfaces.tui.live import Live

    with open_project() as project:
        place = project.place
        live = Live(project.log, lambda: load_fleet(place), lambda: watcher_status(place), clock)
        events = project.log.head().seq
        if events > _LONG_LOG:
            print_note(f"Reading {events} events …")
        live.load()
        Dashboard(place, live, actor()).run()
