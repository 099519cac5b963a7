"""Look at a session that has been quiet: what its processes use, and whether its workspace has changed."""

from __future__ import annotations

import asyncio
from hashlib import blake2b
from pathlib import Path

from fleet.engine.parts import Parts
from fleet.model import events
from fleet.model.errors import FleetError
from fleet.model.event import Event
from fleet.model.state import Run, State, Wish
from fleet.policy.fact import fact
from fleet.ports.session import Figures


async def look(parts: Parts, state: State, wish: Wish) -> list[Event]:
    """How the session was seen. One that lives no more uses nothing; whoever follows it tells its end."""
    run = state.runs[wish.args["run"]]
    item = state.items.get(run.item)
    loop = asyncio.get_running_loop()
    found = await loop.run_in_executor(parts.threads, parts.sessions.figures, run.id)
    found = found or Figures()
    repo = item.repo if item else ""
    work = await loop.run_in_executor(parts.threads, _work, parts, repo, run)
    data = {
        "run": run.id,
        "at": parts.clock(),
        "cpu_ms": found.cpu_ms,
        "io_bytes": found.io_bytes,
        "processes": found.processes,
        "output_at": found.output_at,
        "work": work,
    }
    if found.below_cpu_ms >= 0:
        data |= {"below_cpu_ms": found.below_cpu_ms, "below_io_bytes": found.below_io_bytes}
    return [fact(events.RUN_LOOKED, data, cause=wish.cause, story=run.instance)]


def _work(parts: Parts, repo: str, run: Run) -> str:
    """A digest of what is committed and what is changed there, "" when it cannot be told."""
    digest = blake2b(digest_size=8)
    try:
        workspaces = parts.ground(repo).workspaces
        status = workspaces.status(run.workspace)
        digest.update(str(status.head).encode())
        for name in sorted(status.dirty_paths):
            digest.update(f"{name} {_stamp(workspaces.path(run.workspace) / name)}\n".encode())
    except (FleetError, OSError):
        return ""
    return digest.hexdigest()


def _stamp(path: Path) -> str:
    try:
        about = path.lstat()
    except OSError:  # it is gone, which is a change too
        return "-"
    return f"{about.st_size} {about.st_mtime_ns}"
