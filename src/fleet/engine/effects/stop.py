"""Ask a session to end. The end itself is seen by whoever follows the session."""

from __future__ import annotations

import asyncio

from fleet.engine.parts import Parts
from fleet.model.event import Event
from fleet.model.state import State, Wish

# An agent in quarantine has no say in how it ends: all of it is gone within two seconds.
_QUARANTINE_SECONDS = 1.0


async def stop(parts: Parts, state: State, wish: Wish) -> list[Event]:
    """No events: the session's end brings them."""
    del state
    run, reason = str(wish.args["run"]), str(wish.args.get("reason") or "stopped")
    grace = _QUARANTINE_SECONDS if reason == "quarantine" else None
    await asyncio.get_running_loop().run_in_executor(
        parts.threads, lambda: parts.sessions.stop(run, reason, grace_seconds=grace)
    )
    return []
