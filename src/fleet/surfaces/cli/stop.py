"""`fleet stop RUN`: end a run. It works without the watcher too."""

from __future__ import annotations

import typer

from fleet.model import events
from fleet.model.errors import FleetError
from fleet.model.event import Event
from fleet.model.state import State
from fleet.surfaces.cli.acting import act, actor, deed, tell
from fleet.surfaces.cli.finding import find_run
from fleet.surfaces.cli.options import NO_REASON, Json, Reason, RunId
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
        found = find_run(state, run)
        if not found.live and found.state != "queued":
            raise FleetError(f"{found.id} does not run", why=f"it is {found.outcome or found.state}")
        if found.stop_reason:
            raise FleetError(
                f"{found.id} is being stopped already", why=found.stop_reason, do=f"See: fleet why {found.id}"
            )
        data = {
            "run": found.id,
            "reason": reason.strip() or NO_REASON,
            "actor": actor(),
            "kind": "person",
        }
        return [deed(events.RUN_STOP_ASKED, data, subject=f"run/{found.id}", story=found.instance)]

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
