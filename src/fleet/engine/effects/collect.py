"""Bring in what a run has committed, and note what it left uncommitted."""

from __future__ import annotations

import asyncio

from fleet.engine.parts import Ground, Parts
from fleet.model import events
from fleet.model.event import Event
from fleet.model.state import State, Wish
from fleet.policy.fact import fact


async def collect(parts: Parts, state: State, wish: Wish) -> list[Event]:
    """The event that says which commit the run's branch is at."""
    run = state.runs[wish.args["run"]]
    workspace, branch = run.workspace, run.branch
    ground = parts.ground(state.items[run.item].repo)
    loop = asyncio.get_running_loop()
    data = await loop.run_in_executor(parts.threads, _collect, ground, workspace, branch)
    return [fact(events.RUN_COLLECTED, {"run": run.id, **data}, cause=wish.cause, story=run.instance)]


def _collect(ground: Ground, workspace: str, branch: str) -> dict[str, object]:
    status = ground.workspaces.status(workspace)
    dirty = list(status.dirty_paths)
    if status.branch_head is None:
        why = f"the branch {branch} is gone in its workspace"
        return {"head": "", "commits": 0, "dirty": dirty, "error": why}
    taken = ground.repository.take(ground.workspaces.path(workspace), branch=branch)
    return {"head": taken.head, "commits": taken.commits, "dirty": dirty}
