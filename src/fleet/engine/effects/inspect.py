"""Look which files a change touches, and who owns them by the CODEOWNERS of the base branch."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

from fleet.engine.effects.secrets import secrets_in
from fleet.engine.parts import Parts
from fleet.model import events
from fleet.model.event import Event
from fleet.model.fleet import Fleet
from fleet.model.state import State, Wish
from fleet.policy.codeowners import MOST_BYTES, PLACES
from fleet.policy.fact import fact
from fleet.policy.guarded import LINKS, leads_to
from fleet.policy.inspect import inspected, owners_are_asked
from fleet.policy.leak import others_pushed, unjudged
from fleet.ports.repository import Repository

_LONGEST_LINK = 4096


async def inspect(parts: Parts, state: State, wish: Wish) -> list[Event]:
    """The event that says it, for the head that the wish is about."""
    change, head = state.changes[wish.args["change"]], str(wish.args["head"])
    if not change.open or change.head != head:
        return []
    ground = parts.ground(change.repo)
    await asyncio.get_running_loop().run_in_executor(parts.threads, ground.bring, change.branch, head)
    work = partial(looked_at, parts.fleet, ground.repository, head)
    found = await asyncio.get_running_loop().run_in_executor(parts.threads, work)
    if others_pushed(state, change):  # a run's own commits were looked through before they were published
        look = partial(secrets_in, parts.secrets, ground.repository, head, (found["base"],))
        seen_there = await asyncio.get_running_loop().run_in_executor(parts.threads, look)
        found["secrets"] = unjudged(state, change, seen_there)
    told = []
    if found["base"] != state.base_of(change.repo):
        seen = {"sha": found["base"], "repo": change.repo}
        told.append(fact(events.BASE_SEEN, seen, cause=wish.cause, story=change.instance))
    data = {"change": change.id, "head": head, **found}
    return [*told, fact(events.CHANGE_INSPECTED, data, cause=wish.cause, story=change.instance)]


def looked_at(fleet: Fleet, repository: Repository, head: str) -> dict[str, Any]:
    """What this head touches that needs a certain person's word."""
    base = repository.base_sha()
    paths = [path for each in repository.stat(base, head) for path in (each.old_path, each.path) if path]
    place, text = "", None
    if owners_are_asked(fleet):
        place, text = _codeowners(repository, base)
    templates = {each.template for each in fleet.agents if each.template.endswith(".md")}
    also = {*templates, *_led_to(repository, base, (*LINKS, *sorted(templates)))}
    return {"base": base, "codeowners": place, **inspected(paths, codeowners=text, also=also)}


def _led_to(repository: Repository, base: str, names: Iterable[str]) -> Iterator[str]:
    """Where those of the names lead to that are links on the base branch: who edits what lies there says what
    is read under the name.
    """
    for name in names:
        data = repository.read(base, name, limit=_LONGEST_LINK) or b""
        place = leads_to(name, data.decode("utf-8", "replace")) if len(data) < _LONGEST_LINK else ""
        if place:
            yield place


def _codeowners(repository: Repository, base: str) -> tuple[str, str]:
    """Where the file lies on the base branch and what it says, both "" where there is none. One that is too
    large says nothing, as on GitHub.
    """
    for place in PLACES:
        data = repository.read(base, place, limit=MOST_BYTES + 1)
        if data is not None:
            return place, "" if len(data) > MOST_BYTES else data.decode("utf-8", "replace")
    return "", ""
