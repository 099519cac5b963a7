"""When a person goes on by hand in a run: where, with which program, and what they left."""

from __future__ import annotations

import os
from pathlib import Path

from fleet.config.place import Place
from fleet.model.errors import FleetError
from fleet.model.fleet import Fleet
from fleet.model.state import Run, State


def folder_of(place: Place, run: Run) -> Path:
    """The run's workspace. Raises `FleetError` where there is none yet, or none any more."""
    if not run.workspace:
        raise FleetError(
            f"{run.id} has no workspace yet", why=f"it is {run.state}", do="Try again in a moment."
        )
    folder = place.workspaces / run.workspace
    if not folder.is_dir():
        raise FleetError(f"The workspace of {run.id} is gone", why="its work has ended", do="See: fleet runs")
    return folder


def program_of(run: Run) -> tuple[str, ...]:
    """The harness's own screen in that conversation; a shell, where it has none."""
    from fleet.ports.harness import Interactive
    from fleet.wiring import harness

    found = harness(run.harness)
    words = found.interactive(run.conversation) if isinstance(found, Interactive) else ()
    return words or (os.environ.get("SHELL") or "sh",)


def left_in(place: Place, fleet: Fleet, state: State, run: Run) -> dict[str, str]:
    """The commits since the agent's own last one, and the files that are not committed. Raises `FleetError`
    where the workspace is gone.
    """
    from fleet.wiring import open_grounds

    item = state.items.get(run.item)
    workspaces = open_grounds(place, fleet)[item.repo if item else ""].workspaces
    if not run.workspace or not workspaces.exists(run.workspace):
        do = f"Try it anew: fleet retry {run.id}"
        raise FleetError(f"The workspace of {run.id} is gone", why="its work has ended", do=do)
    status = workspaces.status(run.workspace)
    before = str(run.collected.get("head") or run.head)
    moved = status.head and status.head != before
    commits = f"git log {before[:12]}..{status.head[:12]}" if moved and status.head else ""
    return {"commits": commits, "uncommitted": "\n".join(status.dirty_paths)}
