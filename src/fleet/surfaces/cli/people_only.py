"""Verbs that decide or act are for people. An agent that calls one is refused, and that is recorded.

The environment alone would not do: an agent can empty it. So the ancestors of this process are looked at too,
and above everything that runs in a session stands its shim, which adopts even what tries to get away.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from fleet.model import events
from fleet.model.errors import FleetError
from fleet.model.event import Event
from fleet.model.text import clean
from fleet.surfaces.cli.project import open_project
from fleet.wiring import Place, find_place

_SHIM = "/fleet/shim/shim.py"
_MARK, _TOKEN, _RUN = "FLEET_SESSION", "FLEET_TOKEN", "FLEET_RUN"
_DEEPEST = 200  # generations


class Session(NamedTuple):
    """The session that this process belongs to. `run` may be empty; `place` is known by the shim."""

    run: str
    place: Place | None = None


class _Process(NamedTuple):
    parent: int
    argv: list[str]
    mark: str


def people_only(action: str) -> None:
    """Raise `FleetError` inside an agent's session. `action` is what was tried, for the record."""
    session = find_session()
    if session is None:
        return
    reason = "only a person may do this, and it was tried from inside a session"
    _record(session, action, reason)
    named = f"this is the session of {session.run}" if session.run else "this is an agent's session"
    raise FleetError(
        "An agent can't do this",
        why=named,
        do="Ask for it: fleet agent ask, fleet agent propose; see fleet agent --help.",
    )


def find_session(environment: Mapping[str, str] = os.environ, pid: int | None = None) -> Session | None:
    """The session that the process (this one by default) runs in; None when a person started it.

    Of several shims above it the uppermost counts: one below could be anything that calls itself so, to have
    the attempt told of another run.
    """
    marked, shim = "", None
    for process in _ancestors(pid or os.getpid()):
        if len(process.argv) >= 2 and process.argv[-2].endswith(_SHIM):
            shim = Path(process.argv[-1])
        marked = marked or process.mark
    if shim is not None:
        return Session(clean(shim.name), Place(shim.parents[2]) if len(shim.parents) > 2 else None)
    said = environment.get(_MARK, "") or marked
    if not said and not environment.get(_TOKEN):
        return None
    return Session(clean(said.rpartition(".")[0] or environment.get(_RUN, "")))


def _record(session: Session, action: str, reason: str) -> None:
    """Leave the refusal in the log, where the run can be told. It stays one when it can't be written."""
    try:
        with open_project(session.place or find_place()) as project:
            run = project.state.runs.get(session.run)
            if run is None:
                return
            data = {"run": run.id, "agent": run.agent, "action": clean(action)[:200], "reason": reason}
            denied = Event(
                events.AGENT_DENIED,
                data,
                subject=f"run/{run.id}",
                source=f"agent/{run.agent}",
                causation_id=run.cause,
                correlation_id=run.instance,
            )
            project.log.append([denied])
    except (FleetError, OSError):
        pass


def _ancestors(pid: int) -> Iterator[_Process]:
    """The process and those above it, nearest first."""
    table = None if sys.platform == "linux" else _table()
    for _ in range(_DEEPEST):
        process = _read(pid) if table is None else table.get(pid)
        if process is None:
            return
        yield process
        pid = process.parent
        if pid <= 0:
            return


def _read(pid: int) -> _Process | None:
    """One process by /proc; an environment that can't be read (another user's) counts as empty."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
        argv = _fields(Path(f"/proc/{pid}/cmdline"))
    except OSError:
        return None
    try:
        environment = _fields(Path(f"/proc/{pid}/environ"))
    except OSError:
        environment = []
    marks = (each.partition("=")[2] for each in environment if each.startswith(f"{_MARK}="))
    return _Process(int(stat.rpartition(")")[2].split()[1]), argv, next(marks, ""))


def _fields(path: Path) -> list[str]:
    return path.read_bytes().decode("utf-8", "surrogateescape").rstrip("\0").split("\0")


def _table() -> dict[int, _Process]:
    """All processes by ps, for systems without /proc. It shows no environments."""
    found = {}
    listed = subprocess.run(["ps", "-axo", "pid=,ppid=,args="], capture_output=True, text=True, check=False)
    for line in listed.stdout.splitlines():
        pid, parent, *args = line.split()
        found[int(pid)] = _Process(int(parent), args, "")
    return found
