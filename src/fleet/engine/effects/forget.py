"""Delete what a run has said and was told, when it was kept for long enough."""

from __future__ import annotations

import asyncio
from typing import Any

from fleet.engine.kept import kept, take_away
from fleet.engine.parts import Parts
from fleet.model import events
from fleet.model.event import Event
from fleet.model.state import State, Wish
from fleet.policy.fact import fact

_DAY_MS = 86_400_000


async def forget(parts: Parts, state: State, wish: Wish) -> list[Event]:
    """The event that says what was deleted."""
    run = state.runs[str(wish.args["run"])]
    if run.live or run.redacted:
        return []

    def work() -> list[dict[str, Any]]:
        found = kept(parts.run_dir(run.id))
        take_away(parts.run_dir(run.id))
        return found

    files = await asyncio.get_running_loop().run_in_executor(parts.threads, work)
    days = f"{parts.fleet.transcripts_ms / _DAY_MS:g} days"
    data = {"run": run.id, "files": files, "actor": "fleet", "reason": f"transcripts are kept for {days}"}
    return [fact(events.RUN_REDACTED, data, cause=wish.cause, story=run.instance)]
