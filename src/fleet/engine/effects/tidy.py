"""Clear away what a finished instance needs no more: its workspaces, and the branch that was merged."""

from __future__ import annotations

import asyncio

from fleet.engine.parts import Parts
from fleet.model.event import Event
from fleet.model.state import State, Wish


async def tidy(parts: Parts, state: State, wish: Wish) -> list[Event]:
    """No events: nothing hangs on it."""
    del state
    await asyncio.get_running_loop().run_in_executor(parts.threads, _tidy, parts, wish)
    return []


def _tidy(parts: Parts, wish: Wish) -> None:
    for name in wish.args.get("workspaces", ()):
        parts.workspaces.discard(str(name))
    if wish.args.get("branch"):
        parts.repository.delete_branch(str(wish.args["branch"]), str(wish.args["head"]))
