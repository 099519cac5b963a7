"""Work out a change's risk from its diff and the history of its files."""

from __future__ import annotations

import asyncio
from typing import Any

from fleet.engine.parts import Parts
from fleet.model import events
from fleet.model.event import Event
from fleet.model.state import State, Wish
from fleet.policy import risk
from fleet.policy.fact import fact
from fleet.ports.repository import Repository


async def assess(parts: Parts, state: State, wish: Wish) -> list[Event]:
    """The event with the score and its factors."""
    change = state.changes[wish.args["change"]]
    head = str(wish.args["head"])
    if not change.open or change.head != head:
        return []
    loop = asyncio.get_running_loop()
    found = await loop.run_in_executor(parts.threads, assessed, parts.ground(change.repo).repository, head)
    data = {"change": change.id, "head": head, **found}
    return [fact(events.CHANGE_ASSESSED, data, cause=wish.cause, story=change.instance)]


def assessed(repository: Repository, head: str) -> dict[str, Any]:
    """The risk of this head against the base branch."""
    files = repository.stat(repository.base_sha(), head)
    history = {each.path: each for each in repository.history([file.path for file in files])}
    touched = []
    for file in files:
        past = history.get(file.path)
        touched.append(
            risk.Touched(
                file.path,
                file.added,
                file.deleted,
                file.binary,
                file.status,
                file.mode,
                commits=past.commits if past else 0,
                authors=len(past.authors) if past else 0,
            )
        )
    return risk.assess(touched)
