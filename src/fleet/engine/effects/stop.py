"""Ask a session to end. The end itself is seen by whoever follows the session."""

from __future__ import annotations

import asyncio

from fleet.engine.parts import Parts
from fleet.model.event import Event
from fleet.model.state import State, Wish

QUARANTINE = "quarantine"
"""The reason for which a session ends at once."""
# Who is in quarantine has no say in how it ends: all of it is gone within two seconds.
_QUARANTINE_SECONDS = 1.0


async def stop(parts: Parts, state: State, wish: Wish) -> list[Event]:
    """No events: the session's end brings them."""
    del state
    run, reason = str(wish.args["run"]), str(wish.args.get("reason") or "stopped")
    if reason == QUARANTINE:
        await stop_at_once(parts, run)
    else:
        await asyncio.get_running_loop().run_in_executor(parts.threads, parts.sessions.stop, run, reason)
    return []


async def stop_at_once(parts: Parts, key: str) -> None:
    """End a session, with all that it started, for quarantine."""
    await asyncio.get_running_loop().run_in_executor(
        parts.threads, lambda: parts.sessions.stop(key, QUARANTINE, grace_seconds=_QUARANTINE_SECONDS)
    )
