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
    await end_session(parts, run, reason)
    workspace = wish.args.get("workspace")
    if workspace:  # it may be just being made ready
        keys = await asyncio.get_running_loop().run_in_executor(parts.threads, parts.sessions.keys)
        for key in keys:
            if key.startswith(f"setup-{workspace}-"):
                await end_session(parts, key, reason)
    return []


async def end_session(parts: Parts, key: str, reason: str) -> None:
    """Ask it to end, with all that it started; for quarantine at once."""
    grace = _QUARANTINE_SECONDS if reason == QUARANTINE else None
    await asyncio.get_running_loop().run_in_executor(
        parts.threads, lambda: parts.sessions.stop(key, reason, grace_seconds=grace)
    )
