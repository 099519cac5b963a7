"""What sessions find of the machine: which sandbox, and with what in it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from fleet.engine.parts import Ground, Parts
from fleet.model.errors import Permanent
from fleet.model.fleet import Sandboxing
from fleet.ports.harness import Plan
from fleet.ports.sandbox import Bind, Room, Sandbox

UNCONFINED = "none"
"""What people are told where there is no sandbox."""


def sandbox_of(parts: Parts, wanted: Sandboxing) -> Sandbox | None:
    """The sandbox to use, None for none. Raises Permanent where it is required and can't be had."""
    if wanted.use == "off":
        return None
    problem = parts.sandbox.problem()
    if not problem:
        return parts.sandbox
    if wanted.use == "required":
        raise Permanent(
            "There is no sandbox, and fleet.yaml requires one",
            why=problem,
            do="See `fleet doctor`, or set `sandbox: auto` in fleet.yaml.",
        )
    return None


def room_of(parts: Parts, ground: Ground, workspace: str, wanted: Sandboxing, path: str) -> Room:
    """The room of a session that is no agent's: the workspace, and what the operator adds."""
    home = parts.environment.get("HOME", "")
    binds = [Bind(str(each)) for each in ground.workspaces.borrowed()]
    binds += (Bind(_absolute(parts, each, home)) for each in wanted.reads)
    binds += (Bind(_absolute(parts, each, home), writable=True) for each in wanted.writes)
    hidden = (str(parts.root), str(parts.runs.parent))
    return Room(workspace, home if home.startswith("/") else "/home", path, hidden, tuple(binds))


def with_harness(parts: Parts, room: Room, plan: Plan, folder: Path) -> Room:
    """The room with what an agent's harness needs. Makes the copies that the plan asks for in `folder`, the
    harness's own of this run, and the folders that it writes to.
    """
    for path in plan.writes:
        if path.endswith("/"):
            Path(path).mkdir(parents=True, exist_ok=True, mode=0o700)
    binds = [
        *room.binds,
        *(Bind(path) for path in _whole(plan.reads)),
        *(Bind(path, writable=True) for path in _whole(plan.writes)),
        *_copied(plan.copies, folder / "copies"),
        Bind(str(folder)),
        Bind(str(parts.socket.parent)),
    ]
    return Room(room.workspace, room.home, room.path, room.hidden, tuple(binds), plan.programs)


def _copied(paths: Iterable[str], folder: Path) -> list[Bind]:
    made = []
    for number, path in enumerate(paths):
        try:
            content = Path(path).read_bytes()
        except OSError:
            continue
        folder.mkdir(mode=0o700, exist_ok=True)
        copy = folder / str(number)
        handle = os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        made.append(Bind(str(copy), path, writable=True))
    return made


def _whole(paths: Iterable[str]) -> list[str]:
    return [str(PurePosixPath(path)) for path in paths if path.startswith("/")]


def _absolute(parts: Parts, path: str, home: str) -> str:
    if path == "~" or path.startswith("~/"):
        path = f"{home}{path[1:]}"
    return os.path.normpath(parts.root / path)
