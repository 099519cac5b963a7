"""Clear away what a finished instance needs no more: its workspaces, and the branch that was merged."""

from __future__ import annotations

import asyncio

from fleet.engine.parts import Parts
from fleet.model.errors import Temporary
from fleet.model.event import Event
from fleet.model.state import State, Wish


async def tidy(parts: Parts, state: State, wish: Wish) -> list[Event]:
    """No events: nothing hangs on it. Raises `Temporary` while a run that nobody wants still ends."""
    instance = state.instances.get(str(wish.args.get("instance", "")))
    if instance is None or not instance.outcome:
        return []  # a person thought better of it
    if any(state.runs[name].instance == instance.id and state.runs[name].live for name in state.moving):
        raise Temporary(f"{instance.id} can't be tidied up yet", why="a run of it still ends")
    item = state.items.get(instance.item)
    repo = item.repo if item else ""
    await asyncio.get_running_loop().run_in_executor(parts.threads, _tidy, parts, repo, wish)
    return []


def _tidy(parts: Parts, repo: str, wish: Wish) -> None:
    ground = parts.ground(repo)
    for name in wish.args.get("workspaces", ()):
        ground.workspaces.discard(str(name))
    if wish.args.get("branch"):
        ground.repository.delete_branch(str(wish.args["branch"]), str(wish.args["head"]))
        if parts.forge is not None and repo:
            parts.forge.delete_branch(repo, str(wish.args["branch"]), str(wish.args["head"]))
