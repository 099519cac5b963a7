"""Ask the forge what it asks itself before it merges a head, and whether it has checks that will begin."""

from __future__ import annotations

import asyncio

from fleet.engine.parts import Parts
from fleet.model import events
from fleet.model.errors import Permanent
from fleet.model.event import Event
from fleet.model.state import State, Wish
from fleet.policy.fact import fact
from fleet.ports.forge import Protection

_WORKFLOWS = ".github/workflows"


async def guard(parts: Parts, state: State, wish: Wish) -> list[Event]:
    """The event that says it, for the head that the wish is about."""
    change, head = state.changes[wish.args["change"]], str(wish.args["head"])
    if change.head != head or not change.open:
        return []

    def work() -> tuple[Protection, bool]:
        mirror = parts.ground(change.repo).mirror
        if parts.forge is None or mirror is None:
            raise Permanent("There is no forge", why="fleet.yaml says forge: local now")
        return parts.forge.protection(change.repo, change.base), mirror.has(head, _WORKFLOWS)

    found, expected = await asyncio.get_running_loop().run_in_executor(parts.threads, work)
    data = {
        "change": change.id,
        "head": head,
        "checks": list(found.checks),
        "approvals": found.approvals,
        "expected": expected,
    }
    return [fact(events.CHANGE_GUARDED, data, cause=wish.cause, story=change.instance)]
