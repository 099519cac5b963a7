"""Waiting for the end of a session without asking again and again."""

from __future__ import annotations

import asyncio
import os

from fleet.engine.parts import Parts
from fleet.model.errors import Permanent
from fleet.ports.session import Exit

_LOOK_AGAIN = 1.0  # seconds, where the platform has no descriptor for a process's end


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
        await _until_readable(parts.sessions.watch(key))


async def _until_readable(descriptor: int | None) -> None:
    if descriptor is None:
        await asyncio.sleep(_LOOK_AGAIN)
        return
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    loop.add_reader(descriptor, readable.set)
    try:
        await readable.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)
