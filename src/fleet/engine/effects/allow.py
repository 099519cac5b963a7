"""Let a session last longer than its ceiling by what it waited for others."""

from __future__ import annotations

import asyncio

from fleet.engine.parts import Parts
from fleet.model.event import Event
from fleet.model.state import State, Wish


async def allow(parts: Parts, state: State, wish: Wish) -> list[Event]:
    """No events: the session keeps its time itself."""
    del state
    run, seconds = str(wish.args["run"]), int(wish.args["ms"]) / 1000
    await asyncio.get_running_loop().run_in_executor(parts.threads, parts.sessions.allow, run, seconds)
    return []
