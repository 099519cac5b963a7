"""Work out a change's risk from its diff, the history of its files, and how it came about."""

from __future__ import annotations

import asyncio

from fleet.engine.parts import Parts
from fleet.model import events
from fleet.model.event import Event
from fleet.model.state import State, Wish
from fleet.policy import risk
from fleet.policy.fact import fact
from fleet.policy.risk.came_about import behaviour_of, mends, secrets_of


async def assess(parts: Parts, state: State, wish: Wish) -> list[Event]:
    """The event with the score and its factors."""
    change = state.changes[wish.args["change"]]
    head = str(wish.args["head"])
    if not change.open or change.head != head:
        return []
    ground, loop = parts.ground(change.repo), asyncio.get_running_loop()
    await loop.run_in_executor(parts.threads, ground.bring, change.branch, head)
    repository = ground.repository
    found = await loop.run_in_executor(
        parts.threads, lambda: repository.background(repository.base_sha(), head)
    )
    scored = risk.assess(
        found.files,
        found.past,
        fix=mends(state, change, found.subjects),
        secrets=secrets_of(state, change),
        behaviour=behaviour_of(state, change),
    )
    data = {"change": change.id, "head": head, **scored}
    return [fact(events.CHANGE_ASSESSED, data, cause=wish.cause, story=change.instance)]
