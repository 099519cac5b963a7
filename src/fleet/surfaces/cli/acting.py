"""Appending what a person did. It works while the watcher is down."""

from __future__ import annotations

import getpass
import re
from collections.abc import Callable, Mapping
from typing import Any

from fleet.model.errors import Conflict, Temporary
from fleet.model.event import Event
from fleet.model.state import State
from fleet.surfaces.cli.output import clean, print_json, print_note, say
from fleet.surfaces.cli.project import Project

_TRIES = 200
_NOT_WATCHED = "The watcher does not run; it takes this up when it is started: fleet watcher start"


def actor() -> str:
    """Who sits at the keyboard, as events name people: `user/mia`."""
    try:
        login = getpass.getuser()
    except (OSError, KeyError, ImportError):
        login = ""
    return f"user/{re.sub(r'[^A-Za-z0-9._-]', '_', login)[:64] or 'unknown'}"


def deed(kind: str, data: Mapping[str, Any], *, subject: str, cause: str = "", story: str = "") -> Event:
    """An event that a person brings about. `cause` is what it answers, `story` the instance it belongs to."""
    return Event(
        type=kind, data=data, subject=subject, source=actor(), causation_id=cause, correlation_id=story
    )


def act(project: Project, decide: Callable[[State], list[Event]]) -> list[Event]:
    """Append what `decide` makes of the state, exactly for that state: when the log has grown meanwhile it is
    asked again. Returns the events as stored. Raises what `decide` raises.
    """
    for _ in range(_TRIES):
        state = project.catch_up()
        try:
            return project.log.append(decide(state), expected=state.seq)
        except Conflict:
            continue
    raise Temporary("Nothing was done", why="the log grows too fast to keep up with it", do="Try again.")


def tell(project: Project, done: str, document: Mapping[str, Any], *, as_json: bool) -> None:
    """Say what was done, and that it has to wait where no watcher runs."""
    if as_json:
        print_json({**document, "message": done, "watcher_running": project.watched})
    else:
        say(clean(done))
    if not project.watched:
        print_note(_NOT_WATCHED)
