"""`fleet takeover RUN`: the agent pauses, and a person goes on in its conversation and its workspace."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from fleet.model.errors import FleetError
from fleet.model.event import Event
from fleet.model.state import Run, State
from fleet.surfaces import deeds
from fleet.surfaces.byhand import folder_of, program_of
from fleet.surfaces.cli.acting import act, actor, tell
from fleet.surfaces.cli.finding import find_run
from fleet.surfaces.cli.options import Json, RunId
from fleet.surfaces.cli.output import print_note
from fleet.surfaces.cli.people_only import people_only
from fleet.surfaces.cli.project import Project, open_project

if TYPE_CHECKING:
    from fleet.ports.session import Sessions

app = typer.Typer()

_WATCHER_SECONDS = 3.0  # in which a watcher takes it up
_SECONDS = 60.0  # a session that is asked to end is killed after ten


@app.command()
def takeover(run: RunId, json: Json = False) -> None:
    """Pause a run and go on yourself: the same conversation, in the same workspace. Without a terminal the
    program and its folder are printed.
    """
    people_only(f"takeover {run}")
    with open_project() as project:
        found = find_run(project.state, run)
        folder = folder_of(project.place, found)
        program = program_of(found)

        def taken(state: State) -> list[Event]:
            return deeds.taken_over(state, actor(), found.id, shlex.join(program))

        act(project, taken)
        _await_end(project, found)
        done = f"{found.id} is yours, in {folder}; afterwards: fleet handback {found.id}"
        document = {"run": found.id, "folder": str(folder), "program": list(program)}
        at_terminal = sys.stdin.isatty() and sys.stdout.isatty() and not json
        if not at_terminal:
            tell(project, f"{done}\nThe conversation: {shlex.join(program)}", document, as_json=json)
            return
        print_note(done)
        command = _in_tmux(project, found, program, folder)
    os.chdir(folder)
    os.environ.update(_author(project.place.root))
    os.execvp(command[0], command)  # noqa: S606  # this process becomes the person's program


def _await_end(project: Project, run: Run) -> None:
    """Wait until nothing of the session is left. Where no watcher ends it, or a paused one, this does."""
    from fleet.wiring import open_sessions

    sessions = open_sessions(project.place)
    try:
        if not (project.watched and _ends(sessions, run.id, _WATCHER_SECONDS)):
            if sessions.alive(run.id):
                sessions.stop(run.id, "takeover")
            _ends(sessions, run.id, _SECONDS)
        if sessions.alive(run.id):
            why = f"its session still runs after {_SECONDS:g} s"
            raise FleetError(
                f"{run.id} was not taken over", why=why, do=f"Try again: fleet takeover {run.id}"
            )
    finally:
        sessions.close()


def _ends(sessions: Sessions, run: str, seconds: float) -> bool:
    """Whether it has ended within so long."""
    import select

    ends = sessions.watch(run)
    if ends is None:
        return not sessions.alive(run)
    try:
        return bool(select.select([ends], [], [], seconds)[0])
    finally:
        os.close(ends)


def _in_tmux(project: Project, run: Run, program: tuple[str, ...], folder: Path) -> tuple[str, ...]:
    """The program, where there is tmux in a session of it: a line that breaks does not end the work."""
    from fleet.wiring import in_tmux

    return in_tmux(project.place, f"{project.fleet.name}-{run.id}", program, folder) or program


def _author(root: Path) -> dict[str, str]:
    """The person's own name for commits; the workspace is set up with the agent's."""
    import subprocess

    names: dict[str, str] = {}
    for key, words in (("user.name", "NAME"), ("user.email", "EMAIL")):
        asked = ["git", "-C", str(root), "config", "--get", key]
        said = subprocess.run(asked, capture_output=True, encoding="utf-8", errors="replace", check=False)
        if said.returncode == 0 and said.stdout.strip():
            names |= {
                f"GIT_AUTHOR_{words}": said.stdout.strip(),
                f"GIT_COMMITTER_{words}": said.stdout.strip(),
            }
    return names
