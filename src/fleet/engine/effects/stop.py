"""Ask a session to end. The end itself is seen by whoever follows the session."""

from __future__ import annotations

import asyncio

from fleet.engine.parts import Parts
from fleet.model.event import Event
from fleet.model.state import State, Wish


async def stop(parts: Parts, state: State, wish: Wish) -> list[Event]:
    """No events: the session's end brings them."""
    del state
    run, reason = str(wish.args["run"]), str(wish.args.get("reason") or "stopped")
    await asyncio.get_running_loop().run_in_executor(parts.threads, parts.sessions.stop, run, reason)
    return []
