"""`fleet stop RUN`: end a run. It works without the watcher too."""

from __future__ import annotations

import typer

from fleet.model.event import Event
from fleet.model.state import State
from fleet.surfaces import deeds
from fleet.surfaces.cli.acting import act, actor, tell
from fleet.surfaces.cli.finding import find_run
from fleet.surfaces.cli.options import Json, Reason, RunId
from fleet.surfaces.cli.people_only import people_only
from fleet.surfaces.cli.project import open_project

app = typer.Typer()


@app.command()
def stop(
    run: RunId,
    reason: Reason = "",
    json: Json = False,
) -> None:
    """Stop a run: it is asked to end, then killed with all that it started."""
    people_only(f"stop {run}")

    def stopped(state: State) -> list[Event]:
        return deeds.stopped(state, actor(), find_run(state, run).id, reason)

    with open_project() as project:
        act(project, stopped)
        done = f"{run} is asked to stop"
        ended = not project.watched and project.state.runs[run].live
        if ended:
            from fleet.wiring import open_sessions

            sessions = open_sessions(project.place)
            try:
                sessions.stop(run, "person")
            finally:
                sessions.close()
            done += "; its session was told so directly, as the watcher does not run"
        tell(project, done, {"run": run, "session_told": ended}, as_json=json)
