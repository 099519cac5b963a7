"""Bring in what a run has committed, and note what it left uncommitted."""

from __future__ import annotations

import asyncio
from typing import Any

from fleet.engine.effects.secrets import secrets_in
from fleet.engine.parts import Ground, Parts
from fleet.model import events
from fleet.model.event import Event
from fleet.model.state import Run, State, Wish
from fleet.policy.fact import fact
from fleet.ports.repository import Rewritten


async def collect(parts: Parts, state: State, wish: Wish) -> list[Event]:
    """The event that says which commit the run's branch is at."""
    run = state.runs[wish.args["run"]]
    ground = parts.ground(state.items[run.item].repo)
    data = await asyncio.get_running_loop().run_in_executor(parts.threads, _collect, parts, ground, run)
    facts = [fact(events.RUN_COLLECTED, {"run": run.id, **data}, cause=wish.cause, story=run.instance)]
    for secret in data.get("secrets", ()):
        what = f"publish a {secret['kind']} ({secret['path']}:{secret['line']})"
        denied = {"run": run.id, "agent": run.agent, "action": what, "reason": "a secret is not published"}
        denied["kind"] = "secret"
        facts.append(fact(events.AGENT_DENIED, denied, cause=wish.cause, story=run.instance))
    if data.get("rewritten"):
        denied = {"run": run.id, "agent": run.agent, "action": f"rewrite the history of {run.branch}"}
        denied |= {"reason": data["error"], "kind": "rewrite"}
        facts.append(fact(events.AGENT_DENIED, denied, cause=wish.cause, story=run.instance))
    return facts


def _collect(parts: Parts, ground: Ground, run: Run) -> dict[str, Any]:
    status = ground.workspaces.status(run.workspace)
    dirty = [parts.secrets.mask(path) for path in status.dirty_paths]
    if status.branch_head is None:
        why = f"the branch {run.branch} is gone in its workspace"
        return {"head": "", "commits": 0, "dirty": dirty, "error": why}
    try:
        # What an open change has was judged: it stays. Before there is one, an agent may amend and rebase.
        after = run.head if run.change else ""
        taken = ground.repository.take(ground.workspaces.path(run.workspace), branch=run.branch, after=after)
    except Rewritten as error:
        told = {"error": str(error), "rewritten": status.branch_head}
        return {"head": "", "commits": 0, "dirty": dirty, **told}
    found = {"head": taken.head, "commits": taken.commits, "dirty": dirty}
    if taken.commits:
        # What was there before the run is published already.
        known = (ground.repository.base_sha(), run.head)
        found["secrets"] = secrets_in(parts.secrets, ground.repository, taken.head, known)
    return found
