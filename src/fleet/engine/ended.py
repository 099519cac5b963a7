"""Waiting for the end of a session without asking again and again."""

from __future__ import annotations

import asyncio
import os

from fleet.engine.parts import Parts
from fleet.model.errors import Permanent
from fleet.ports.session import Exit

_LOOK_AGAIN = 1.0  # seconds, where the platform has no descriptor for a process's end
WAKE_SECONDS = 10.0  # after which a supervisor that somebody has paused is let go on


async def ended(parts: Parts, key: str) -> Exit:
    """How the session ended, once it has. Raises `Permanent` when there never was one."""
    loop = asyncio.get_running_loop()
    while True:
        found = await loop.run_in_executor(parts.threads, parts.sessions.exit, key)
        if found is not None:
            return found
        if not await loop.run_in_executor(parts.threads, parts.sessions.alive, key):
            found = await loop.run_in_executor(parts.threads, parts.sessions.exit, key)
            if found is not None:
                return found
            raise Permanent(f"the session {key} is gone", why="its folder was removed")
        if not await _until_readable(parts.sessions.watch(key)):
            await loop.run_in_executor(parts.threads, parts.sessions.wake, [key])


async def _until_readable(descriptor: int | None) -> bool:
    """Wait for it, for a while; whether it is."""
    if descriptor is None:
        await asyncio.sleep(_LOOK_AGAIN)
        return False
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    loop.add_reader(descriptor, readable.set)
    try:
        await asyncio.wait_for(readable.wait(), WAKE_SECONDS)
    except TimeoutError:
        return False
    else:
        return True
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)
